/** Who is chatting with whom, read off the page's address: /?user=2&bot=5&chat=-7&start=PAYLOAD. */

/** The parts of an address' query: the user (1 without one); the bot's id, a group's id and a payload, "" without one. */
export function readAddress(search) {
  const params = new URLSearchParams(search);
  const user = Number(params.get("user") ?? 1);
  const start = params.get("start") ?? "";
  return {
    user: Number.isSafeInteger(user) && user > 0 ? user : 1,
    bot: params.get("bot") ?? "",
    chat: /^-\d+$/.test(params.get("chat") ?? "") ? params.get("chat") : "",
    start: isPayload(start) ? start : "",
  };
}

/** What a deep link may tell the bot. */
export const isPayload = (text) => /^[\w-]{1,64}$/.test(text);

/** The page's address for the same chat partner, as another user perhaps. */
export function pageOf(user, { bot, chat, start }) {
  return `/?${new URLSearchParams({ user, ...(bot && { bot }), ...(chat && { chat }), ...(start && { start }) })}`;
}

/** Where the sandbox takes and gives what belongs to this user's chat. */
export function placesOf({ user, bot, chat }) {
  const query = new URLSearchParams({ ...(bot && { bot }), ...(chat && { chat_id: chat }) });
  const at = (path, more = {}) => {
    const all = new URLSearchParams([...query, ...Object.entries(more)]);
    return `/user/${user}/${path}${all.size ? `?${all}` : ""}`;
  };
  return {
    post: (action) => at(action),
    file: (fileId) => at(`file/${fileId}`),
    live: (after, world) => `${location.origin.replace(/^http/, "ws")}${at("live", { after, world })}`,
  };
}
