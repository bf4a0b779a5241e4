// Before anything is painted: the colours this browser was told to use here. Without a choice, the system's.
try {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // a browser that remembers nothing
}
