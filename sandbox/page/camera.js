/** Takes a photo: with the phone's own camera app, or with the camera of a computer. */

import { byId, usesFingers } from "./dom.js";
import { toast } from "./notices.js";

/** onPhoto: called with the photo as a file. Returns what opens the camera. */
export function makeCamera(onPhoto) {
  const dialog = byId("camera");
  const view = byId("camera-view");
  byId("camera-close").addEventListener("click", () => dialog.close());
  const shutter = byId("camera-shutter");
  shutter.addEventListener("click", async () => {
    shutter.disabled = true;
    const photo = await still(view);
    dialog.close();
    onPhoto(photo);
  });
  dialog.addEventListener("close", () => {
    view.srcObject?.getTracks().forEach((track) => track.stop());
    view.srcObject = null;
  });
  return async () => {
    if (usesFingers() || !navigator.mediaDevices?.getUserMedia) {
      byId("pick-camera").click();
      return;
    }
    try {
      view.srcObject = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment", width: { ideal: 1920 } },
      });
    } catch (error) {
      toast(
        error.name === "NotAllowedError"
          ? "The browser does not let this page use the camera."
          : "There is no camera to take a photo with.",
      );
      return;
    }
    shutter.disabled = true; // until there is a picture to take
    dialog.showModal();
    await view.play().then(
      () => (shutter.disabled = false),
      () => {}, // it was closed before there was a picture
    );
  };
}

async function still(view) {
  const canvas = document.createElement("canvas");
  canvas.width = view.videoWidth;
  canvas.height = view.videoHeight;
  canvas.getContext("2d").drawImage(view, 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
  return new File([blob], "camera.jpg", { type: "image/jpeg" });
}
