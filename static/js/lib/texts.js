let texts;

/** The translated sentence that the page carries in `<template id="texts">` under this key. */
export function text(key) {
  texts ??= readTexts();
  return texts.get(key) ?? "";
}

/** The same of a number of things, in the form that the language has for it. */
export const counted = (key, count) => text(`${key}.${formOf(count)}`).replace("{n}", count);

/** "one", "few", "other" … */
export const formOf = (count) => new Intl.PluralRules(document.documentElement.lang || "en").select(count);

function readTexts() {
  const elements = document.getElementById("texts")?.content.querySelectorAll("[data-text]") ?? [];
  return new Map(Array.from(elements, (element) => [element.dataset.text, element.textContent]));
}
