/** How times, sizes and errors read. */

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long" });
const DAY_AND_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const IN_FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** 14:03 */
export const clock = (seconds) => CLOCK.format(seconds * 1000);

/** Friday, 3 May 2024 at 14:03:12 */
export const inFull = (seconds) => IN_FULL.format(seconds * 1000);

/** Tells days apart, in the reader's time zone. */
export const dayKey = (seconds) => new Date(seconds * 1000).toDateString();

/** Today, Yesterday, 3 May, 3 May 2023 */
export function dayName(seconds, now = new Date()) {
  const day = new Date(seconds * 1000);
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (day.toDateString() === now.toDateString()) return "Today";
  if (day.toDateString() === yesterday.toDateString()) return "Yesterday";
  return (day.getFullYear() === now.getFullYear() ? DAY : DAY_AND_YEAR).format(day);
}

/** 12 B, 3.4 KB, 12 MB */
export function fileSize(bytes) {
  const units = ["B", "KB", "MB", "GB"];
  let size = bytes;
  while (size >= 1000 && units.length > 1) {
    size /= 1000;
    units.shift();
  }
  return `${size < 10 && Number.isInteger(size) === false ? size.toFixed(1) : Math.round(size)} ${units[0]}`;
}

/** 1 photo, 3 photos */
export const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** What the page names and does not show. */
const OTHER_KINDS = {
  sticker: "Sticker",
  voice: "Voice message",
  audio: "Audio",
  video_note: "Video message",
  video: "Video",
  animation: "GIF",
  location: "Location",
  contact: "Contact",
  poll: "Poll",
  dice: "Dice",
};

/** What happened in a group, where a message tells of that. */
export function serviceWords(message) {
  const names = (users) => users.map(({ first_name: name }) => name).join(", ");
  if (message.new_chat_members) return `${names(message.new_chat_members)} joined`;
  if (message.left_chat_member) return `${names([message.left_chat_member])} left`;
  if (message.forum_topic_created) return `Topic “${message.forum_topic_created.name}” created`;
  if (message.migrate_to_chat_id) return "This group is a supergroup now";
  if (message.migrate_from_chat_id) return "This supergroup was a group";
  return "";
}

/** A message in a few words, for quotes and for those who listen. */
export function summary(message) {
  const text = message.text ?? message.caption;
  if (message.photo) return text ? `Photo, ${text}` : "Photo";
  const service = serviceWords(message);
  if (service) return service;
  const other = Object.keys(OTHER_KINDS).find((kind) => kind in message);
  if (other) return OTHER_KINDS[other];
  if (message.document) return text ? `${message.document.file_name}, ${text}` : message.document.file_name;
  return text ?? "";
}

/** What a chat action says below the bot's name. */
export function actionWords(action) {
  return (
    {
      typing: "typing",
      upload_photo: "sending a photo",
      upload_document: "sending a file",
      choose_sticker: "choosing a sticker",
      find_location: "looking up a place",
    }[action] ?? (action.startsWith("record_") ? "recording" : "sending something")
  );
}

/** Whether what is refused as a photo may be sent as a file. */
export const mayBeSentAsFile = (description) =>
  /IMAGE_PROCESS_FAILED|PHOTO_INVALID_DIMENSIONS|too big for a photo/.test(description);

/** Why a message could not be sent, said plainly. */
export function failureWords(description) {
  if (description.includes("IMAGE_PROCESS_FAILED"))
    return "This is not a picture that can be sent as a photo.";
  if (description.includes("PHOTO_INVALID_DIMENSIONS"))
    return "This picture is too long or too large for a photo.";
  if (description.includes("too big for a photo")) return "A photo may have 10 MB.";
  if (description.includes("Too Large")) return "A file may have 50 MB.";
  if (description.includes("to be replied not found")) return "The message this replies to is deleted.";
  if (description.includes("must be non-empty")) return "This file is empty.";
  if (description.includes("caption is too long")) return "A caption may have 1,024 characters.";
  if (description.includes("message is too long")) return "A message may have 4,096 characters.";
  return description.replace(/^Bad Request: /, "");
}
