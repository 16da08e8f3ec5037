/** Opens a dialog that has a form with `method="dialog"`; resolves to whether the button with this value closed it. */
export const isConfirmed = async (dialog, value) => (await showDialog(dialog)) === value;

/** Resolves to the value of the button that closed it, or "". */
export function showDialog(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    // A late `close` event may belong to the previous opening.
    dialog.onclose = () => dialog.open || resolve(dialog.returnValue);
  });
}
