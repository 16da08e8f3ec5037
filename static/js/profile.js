import "./forms.js";
import "./notification-toggle.js";
import "./sign-out.js";
import { refreshOnReturn } from "./elements/refresh-sections.js";
import { isConfirmed } from "./lib/dialog.js";
import { shrinkPicture } from "./lib/shrink.js";
import { returnKey, setReturnKey, setTheme } from "./stores/settings.js";

const RETRIES = [1000, 3000, 10_000, 30_000, 60_000]; // milliseconds

let isChosen = Promise.resolve();
refreshOnReturn();

const chosen = document.querySelector(`[name="return"][value="${CSS.escape(returnKey())}"]`);
if (chosen) chosen.checked = true;

document.addEventListener("change", ({ target }) => {
  if (target.name === "return") setReturnKey(target.value);
  if (target.name === "theme") setTheme(target.value);
  if (target.name === "picture") isChosen = choosePicture(target);
});

// A form that is saved at once waits for the picture to be shrunk.
document.addEventListener("htmx:confirm", (event) => {
  if (!event.target.elements?.picture) return;
  event.preventDefault();
  isChosen.then(() => event.detail.issueRequest(true));
});

document.addEventListener("htmx:confirm", async (event) => {
  const { dialog } = event.target.dataset;
  if (!dialog) return;
  event.preventDefault();
  if (await isConfirmed(document.getElementById(dialog), "agree")) event.detail.issueRequest(true);
});

// A file that is too large for a form is uploaded separately, resumably; the form only sends its key.
document.addEventListener("htmx:confirm", async (event) => {
  const form = event.target;
  if (!("uploads" in (form.dataset ?? {}))) return;
  event.preventDefault();
  const status = form.querySelector("[data-status]");
  status.textContent = form.dataset.uploading;
  const [file] = form.querySelector("[type=file]").files;
  const bar = form.querySelector("progress");
  try {
    form.elements.upload.value = await (form.dataset.tus ? sendInPieces(file, form.dataset.tus, bar) : sendWhole(file));
    event.detail.issueRequest(true);
  } catch ({ message }) {
    status.textContent = message || form.dataset.failed;
  }
  bar.hidden = true;
});

async function sendInPieces(file, tus, bar) {
  await import(tus);
  return new Promise((resolve, reject) => {
    const upload = new globalThis.tus.Upload(file, {
      endpoint: "/api/uploads",
      metadata: { filename: file.name, filetype: file.type, purpose: "import" },
      retryDelays: RETRIES,
      removeFingerprintOnSuccess: true,
      onProgress(sent, size) {
        bar.hidden = false;
        bar.value = sent / size;
      },
      onSuccess: () => resolve(upload.url.split("/").at(-1)),
      onError: ({ originalResponse }) => reject(refusalIn(originalResponse)),
    });
    upload.findPreviousUploads().then(([last]) => {
      if (last) upload.resumeFromPreviousUpload(last);
      upload.start();
    });
  });
}

async function sendWhole(file) {
  const body = new FormData();
  body.append("file", file);
  const response = await fetch("/api/attachments", { method: "POST", body });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer.id;
}

function refusalIn(answer) {
  try {
    return new Error(JSON.parse(answer.getBody()).message);
  } catch {
    return new Error("");
  }
}

async function choosePicture(input) {
  const [file] = input.files;
  preview(input.form.querySelector("[data-preview]"), file);
  const mark = input.form.querySelector("[data-unsaved]");
  mark.textContent = file ? mark.dataset.words : "";
  if (!file) return;
  try {
    const { blob, name } = await shrinkPicture(file);
    if (input.files[0] === file) input.files = fileList(new File([blob], name, { type: blob.type }));
  } catch {
    // It is sent as it is, and the server says what is wrong with it.
  }
}

function preview(image, file) {
  image.dataset.preview ||= image.src;
  if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  const saved = image.dataset.preview;
  image.onerror = () => { image.onerror = null; image.src = saved; };
  image.src = file ? URL.createObjectURL(file) : saved;
}

function fileList(file) {
  const transfer = new DataTransfer();
  transfer.items.add(file);
  return transfer.files;
}
