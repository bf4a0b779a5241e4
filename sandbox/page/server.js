/** Speaks to the sandbox over HTTP. */

/** A request that was refused, or that did not get through. */
export class ServerError extends Error {}

export const OUT_OF_REACH = "The sandbox cannot be reached.";

/** POST fields, of which some may be files. onProgress: called with the part of the body that is sent, 0 to 1. */
export function post(address, fields, { onProgress = () => {}, signal } = {}) {
  const body = new FormData();
  for (const [name, value] of fields) {
    if (value instanceof File) body.append(name, value, value.name);
    else body.append(name, value);
  }
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch cannot tell how far an upload is
    request.open("POST", address);
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total ? loaded / total : 0));
    request.addEventListener("error", () => reject(new ServerError(OUT_OF_REACH)));
    request.addEventListener("abort", () => reject(new ServerError("Stopped.")));
    request.addEventListener("load", () => {
      if (request.response?.ok) resolve(request.response.result);
      else reject(new ServerError(request.response?.description ?? `The sandbox answered ${request.status}.`));
    });
    signal?.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

/** GET something in the sandbox's envelope. */
export async function get(address) {
  const answer = await fetch(address).then(
    (response) => response.json(),
    () => ({ ok: false, description: OUT_OF_REACH }),
  );
  if (!answer.ok) throw new ServerError(answer.description);
  return answer.result;
}

/** GET a file. */
export async function getBlob(address) {
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) throw new ServerError(response ? `The sandbox answered ${response.status}.` : OUT_OF_REACH);
  return response.blob();
}
