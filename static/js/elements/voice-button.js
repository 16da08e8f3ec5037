import { emit, on } from "../lib/bus.js";
import { sizeInWords } from "../lib/attachments.js";
import { text } from "../lib/texts.js";
import { filesFor } from "../stores/pending-files.js";

/** Only pages that came over https may record. */
const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && globalThis.MediaRecorder);

/** Records a voice message, in place of the field. The script comes with the first one. */
export class VoiceButton {
  #form;
  #button;
  #peerId;
  #calls;
  #recording = null;
  #end = on("conversation-leaving", () => this.#recording?.leave());

  /**
   * `send(voice)` takes what is recorded, as the outbox does; `closed()` follows each recording. What is being recorded when
   * the chat is left waits there.
   */
  constructor(form, peerId, calls) {
    this.#form = form;
    this.#peerId = peerId;
    this.#calls = calls;
    this.#button = form.querySelector(".composer__voice");
    this.#button.hidden = !canRecord();
    this.#button.addEventListener("click", () => this.#record());
  }

  stop() {
    this.#end();
    this.#recording?.leave();
  }

  async #record() {
    if (this.#button.disabled) return;
    this.#button.disabled = true;
    try {
      await import(this.#button.dataset.script);
      this.#recording = document.importNode(document.getElementById("recorder-template").content, true).firstElementChild;
      this.#recording.canBeOnce = Boolean(this.#form.querySelector("[data-view-once]"));
      await this.#recording.start(this.#form);
      if (!this.#form.isConnected) this.#recording.cancel();
      this.#take(await this.#recording.ended);
      this.#calls.closed();
    } catch (error) {
      emit("notice", { text: text(REASONS[error.name] ?? "load-failed"), kind: "error" });
    } finally {
      this.#recording = null;
      this.#button.disabled = false;
    }
  }

  #take(recorded) {
    if (!recorded) return;
    const { isSent, file, viewOnce, ...voice } = recorded;
    const limit = Number(document.body.dataset.fileLimit);
    if (file.size > limit) return emit("notice", { text: text("file-too-large").replace("{limit}", sizeInWords(limit)), kind: "error" });
    if (isSent) return this.#calls.send({ blob: file, name: file.name, type: file.type, size: file.size, kind: "audio", viewOnce, ...voice });
    filesFor(this.#peerId).takeVoice(file, voice);
    emit("notice", { text: text("voice-waits"), kind: "info" });
  }
}

const REASONS = {
  NotAllowedError: "mic-denied", SecurityError: "mic-denied", NotFoundError: "mic-missing", OverconstrainedError: "mic-missing",
  NotReadableError: "mic-failed", AbortError: "mic-failed", NotSupportedError: "mic-failed",
};
