/** What may be done with a message itself: R or a pull to the left replies; its menu opens like any. */

/** node: of the messages, several being an album. actions: what they lead to, of which these are `reply` and `menu`. */
export function listenForGestures(node, messages, actions) {
  const [message] = messages;
  const meant = ({ target }) => messages.find((one) => target.closest(`[data-part="${one.message_id}"]`)) ?? message;
  node.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a") || String(getSelection())) return;
    event.preventDefault();
    actions.menu(meant(event), node.querySelector(".bubble"), event);
  });
  node.addEventListener("keydown", (event) => {
    if (event.target !== node || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "r" || event.key === "R") actions.reply(message);
    else if (event.key === "Enter") actions.menu(message, node.querySelector(".bubble"));
    else return;
    event.preventDefault();
  });
  pullToReply(node, (touch) => actions.reply(meant(touch)));
}

function pullToReply(node, reply) {
  const far = 56;
  let from = null;
  let pulled = 0;
  node.addEventListener("touchstart", ({ touches }) => (from = touches.length === 1 ? touches[0] : null), {
    passive: true,
  });
  node.addEventListener(
    "touchmove",
    ({ touches }) => {
      if (!from) return;
      const [dx, dy] = [touches[0].clientX - from.clientX, touches[0].clientY - from.clientY];
      if (Math.abs(dy) > Math.max(12, Math.abs(dx))) from = null;
      pulled = from ? Math.min(Math.max(-dx, 0), 1.3 * far) : 0;
      node.style.setProperty("--pulled", `${-pulled}px`);
    },
    { passive: true },
  );
  const letGo = () => {
    if (from && pulled > far) reply(from);
    from = null;
    pulled = 0;
    node.style.removeProperty("--pulled");
  };
  node.addEventListener("touchend", letGo);
  node.addEventListener("touchcancel", letGo);
}
