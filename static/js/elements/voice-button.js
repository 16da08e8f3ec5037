import { emit, on } from "../lib/bus.js";
import { formatSize } from "../lib/attachments.js";
import { text } from "../lib/texts.js";
import { pendingFilesFor } from "../stores/pending-files.js";

/** Recording needs a secure context. */
const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && globalThis.MediaRecorder);

/** Records a voice message, in place of the field. The recorder's script is loaded with the first one. */
export class VoiceButton {
  #form;
  #button;
  #peerId;
  #callbacks;
  #recording = null;
  #cleanup = on("conversation-leaving", () => this.#recording?.stopAndKeep());

  /**
   * Calls `send(voice)` with a recording, in the outbox's form, and `closed()` after each. A recording under way when the chat is left
   * becomes a pending file.
   */
  constructor(form, peerId, callbacks) {
    this.#form = form;
    this.#peerId = peerId;
    this.#callbacks = callbacks;
    this.#button = form.querySelector(".composer__voice");
    this.#button.hidden = !canRecord();
    this.#button.addEventListener("click", () => this.#record());
  }

  stop() {
    this.#cleanup();
    this.#recording?.stopAndKeep();
  }

  async #record() {
    if (this.#button.disabled) return;
    this.#button.disabled = true;
    try {
      await import(this.#button.dataset.script);
      this.#recording = document.importNode(document.getElementById("recorder-template").content, true).firstElementChild;
      this.#recording.canBeViewOnce = Boolean(this.#form.querySelector("[data-view-once]"));
      await this.#recording.start(this.#form);
      if (!this.#form.isConnected) this.#recording.cancel();
      this.#onRecorded(await this.#recording.ended);
      this.#callbacks.closed();
    } catch (error) {
      emit("notice", { text: text(REASONS[error.name] ?? "load-failed"), kind: "error" });
    } finally {
      this.#recording = null;
      this.#button.disabled = false;
    }
  }

  #onRecorded(recorded) {
    if (!recorded) return;
    const { isSent, file, viewOnce, ...voice } = recorded;
    const limit = Number(document.body.dataset.fileLimit);
    if (file.size > limit) return emit("notice", { text: text("file-too-large").replace("{limit}", formatSize(limit)), kind: "error" });
    if (isSent) return this.#callbacks.send({ blob: file, name: file.name, type: file.type, size: file.size, kind: "audio", viewOnce, ...voice });
    pendingFilesFor(this.#peerId).addVoice(file, voice);
    emit("notice", { text: text("voice-waits"), kind: "info" });
  }
}

const REASONS = {
  NotAllowedError: "mic-denied", SecurityError: "mic-denied", NotFoundError: "mic-missing", OverconstrainedError: "mic-missing",
  NotReadableError: "mic-failed", AbortError: "mic-failed", NotSupportedError: "mic-failed",
};
