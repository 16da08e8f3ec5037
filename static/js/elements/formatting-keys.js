const MARKERS = { "b": "*", "i": "_", "shift+x": "~" };

/** Ctrl or Cmd with B, I and Shift+X marks what is selected as bold, italic or struck; again, it takes the markers away. */
export function markSelection(event) {
  const isModified = (event.ctrlKey || event.metaKey) && !event.altKey && !event.isComposing;
  const marker = MARKERS[(event.shiftKey ? "shift+" : "") + event.key.toLowerCase()];
  if (!isModified || !marker) return;
  event.preventDefault();
  toggle(event.currentTarget, marker);
}

function toggle(field, marker) {
  const { selectionStart, selectionEnd, value } = field;
  const selected = value.slice(selectionStart, selectionEnd);
  const words = selected.trim();
  const start = selectionStart + (words ? selected.indexOf(words) : 0);
  const end = start + words.length;
  if (words && value[start - 1] === marker && value[end] === marker) {
    replace(field, start - 1, end + 1, words);
    field.setSelectionRange(start - 1, end - 1);
  } else {
    replace(field, start, end, `${marker}${words}${marker}`);
    field.setSelectionRange(start + 1, end + 1);
  }
}

/** As if it was typed: so it can be undone, and `input` is fired. Nothing else in browsers does that. */
function replace(field, start, end, text) {
  field.setSelectionRange(start, end);
  document.execCommand("insertText", false, text);
}
