/**
 * The emoji that bots use most, drawn by the page where the machine has no font for them, as on many a bare Linux.
 * The character stays in the text, unseen, so that it is read aloud, copied and found like any other.
 */

const DRAWN = {
  "👍": "thumb-up",
  "👎": "thumb-down",
  "🔎": "lens",
  "🔍": "lens",
  "👋": "wave",
  "🔔": "bell",
  "🔕": "bell-off",
  "📥": "inbox",
  "🗂": "folders",
  "🔢": "numbers",
  "🎯": "target",
  "🌐": "globe",
  "💡": "bulb",
};
const FOUND = new RegExp(`(${Object.keys(DRAWN).join("|")})`, "u");

let isNeeded; // found out when first asked

/** A text as strings and elements to append. */
export function withEmoji(text) {
  if (!FOUND.test(text) || !(isNeeded ??= !hasColours("👍"))) return [text];
  return text.split(FOUND).map((piece) => (piece in DRAWN ? drawn(piece) : piece));
}

function drawn(character) {
  const span = document.createElement("span");
  span.className = `emoji ${DRAWN[character]}`;
  span.textContent = character;
  return span;
}

/** Whether a character comes out in colours although it is written in black: then a font for emoji is there. */
function hasColours(character) {
  const context = Object.assign(document.createElement("canvas"), { width: 20, height: 20 }).getContext("2d");
  context.font = "16px sans-serif";
  context.fillText(character, 0, 16);
  const { data } = context.getImageData(0, 0, 20, 20);
  for (let at = 0; at < data.length; at += 4) if (data[at] || data[at + 1] || data[at + 2]) return true;
  return false;
}
