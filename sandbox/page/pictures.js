/** Pictures as they are picked: looked at, and made small enough for a photo, as every messenger does. */

const LONGEST_SIDE_PX = 2560;
const MOST_BYTES = 5_000_000;
const QUALITY = 0.9;

/** {file, url, width, height} of a picture; null of what this browser cannot show. */
export async function readPicture(file) {
  if (!file.type.startsWith("image/")) return null;
  const url = URL.createObjectURL(file);
  const image = new Image();
  try {
    // Not image.decode(): a browser may put that off for as long as it draws nothing.
    await new Promise((loaded, failed) => {
      image.onload = loaded;
      image.onerror = failed;
      image.src = url;
    });
  } catch {
    URL.revokeObjectURL(url);
    return null;
  }
  return { file, url, image, width: image.naturalWidth, height: image.naturalHeight };
}

/** The picture as it is to be sent, {file, url, width, height, original}: itself, or a smaller JPEG. */
export async function forSending({ file, url, image, width, height }) {
  const scale = Math.min(1, LONGEST_SIDE_PX / Math.max(width, height));
  const asItIs = { file, url, width, height, original: file };
  if (scale === 1 && file.size <= MOST_BYTES) return asItIs;
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "white"; // behind what is transparent
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (!blob) return asItIs;
  const small = new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
  return { file: small, url, width: canvas.width, height: canvas.height, original: file };
}
