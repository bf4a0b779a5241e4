/** Who is chatting with whom, read off the page's address: /?user=2&bot=5&chat=-7. */

/** The parts of an address' query: the user (1 without one), the bot's id and a group's id, both "" without one. */
export function readAddress(search) {
  const params = new URLSearchParams(search);
  const user = Number(params.get("user") ?? 1);
  return {
    user: Number.isSafeInteger(user) && user > 0 ? user : 1,
    bot: params.get("bot") ?? "",
    chat: /^-\d+$/.test(params.get("chat") ?? "") ? params.get("chat") : "",
  };
}

/** The page's address for the same chat partner, as another user. */
export function pageOf(user, { bot, chat }) {
  return `/?${new URLSearchParams({ user, ...(bot && { bot }), ...(chat && { chat }) })}`;
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
