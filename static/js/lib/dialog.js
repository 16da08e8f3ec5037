/** Opens a dialog with a form of `method="dialog"`; whether it was closed by the button with this value. */
export const isAgreed = async (dialog, value) => (await choice(dialog)) === value;

/** The same; the value of the button that it was closed by, "" without one. */
export function choice(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    // The event of an earlier time may come only now.
    dialog.onclose = () => dialog.open || resolve(dialog.returnValue);
  });
}
