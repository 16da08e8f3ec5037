let texts;

/** The translated text with this key, from the page's `<template id="texts">`. */
export function text(key) {
  texts ??= readTexts();
  return texts.get(key) ?? "";
}

/** The same for a count, in the language's plural form. */
export const counted = (key, count) => text(`${key}.${formOf(count)}`).replace("{n}", count);

/** "one", "few", "other" … */
export const formOf = (count) => new Intl.PluralRules(document.documentElement.lang || "en").select(count);

function readTexts() {
  const elements = document.getElementById("texts")?.content.querySelectorAll("[data-text]") ?? [];
  return new Map(Array.from(elements, (element) => [element.dataset.text, element.textContent]));
}
