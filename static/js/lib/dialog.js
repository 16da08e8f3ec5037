/** Opens a dialog with a form of `method="dialog"`; whether it was closed by the button with this value. */
export function isAgreed(dialog, value) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    // The event of an earlier time may come only now.
    dialog.onclose = () => dialog.open || resolve(dialog.returnValue === value);
  });
}
