"""What people write, as the page shows it: the same whoever drew it, and harmless."""

import unicodedata

import pytest
from playwright.sync_api import Page, expect

from chatsite.text import is_blank, isolated
from tests.browser.chat import (
    composer,
    expect_preview,
    expect_states,
    expect_texts,
    message,
    messages,
    open_pair,
    row,
    send,
    stored,
)
from tests.browser.people import Person, PersonFor
from tests.pictures import data_uri, picture

LONG_WORD = "Donaudampfschifffahrtsgesellschaft" * 12
ARABIC = "مرحبا بالعالم"
TEXTS = [
    "plain words",
    "two\nlines",
    "see https://example.org/a?b=1&c=2#d, and www.example.org.",
    "「https://example.org/docs，詳見」 and ann@example.org",
    "👋🏽🎉",
    ARABIC,
    "<b>bold</b> & <script>alert(1)</script>",
    "javascript:alert(1)",
    LONG_WORD,
    "*bold* and `code`\n> said\n> before\n- one\n2. two\n```js\nif (*a*) return;\n```\nso",
]
MARKUP = """() => [...document.querySelectorAll(".log li:not(.typing-row)")].map((item) => {
  const copy = item.cloneNode(true);
  copy.classList.remove("is-new");
  return [...copy.querySelectorAll("*"), copy].map((each) => [
    each.tagName,
    ...[...each.attributes].map(({ name, value }) => `${name}=${value}`).sort(),
  ].join(" ")).join("\\n") + copy.textContent;
})"""

# What is shown, and reaches out of the window.
SIDEWAYS = """() => {
  const parts = ".app > *, .conversation > *, .message, .bubble, .row, .composer__field";
  return [document.documentElement, ...document.querySelectorAll(parts)].filter((each) => {
    const { left, right } = each.getBoundingClientRect();
    const reachesOut = left < 0 || Math.max(right, each.scrollWidth) > innerWidth;
    return reachesOut && each.checkVisibility();
  }).map((each) => each.outerHTML.slice(0, 100));
}"""

# No wider than its place: what does not fit is its end, in its own direction.
CUT_AT_ITS_END = """name => {
  const [inner, outer] = [name, name.parentElement].map((each) => each.getBoundingClientRect());
  return inner.width <= outer.width && name.scrollWidth > inner.width;
}"""


def markup(page: Page) -> list[str]:
    """Of every line of the conversation: elements, attributes in any order, words."""
    lines: list[str] = page.evaluate(MARKUP)
    return lines


def say_all(ada: Person, bo: Person) -> None:
    """One of each kind, from either side, the second of each deleted."""
    for sender, other in ((ada, bo), (bo, ada)):
        for text in TEXTS:
            sender.send(other, text)
        image = data_uri(picture(64, 48))
        sender.post(f"/api/messages/send/{other.id}", image=image, text="with words")
        wide = data_uri(picture(900, 450))
        sender.post(f"/api/messages/send/{other.id}", image=wide, clientMessageId="a-client-s")
        gone = sender.send(other, "deleted")
        sender.context.request.delete(f"/api/messages/{gone['_id']}")


def test_script_draws_a_message_as_the_server_does(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(ada.page, "typed by hand")
    expect_texts(bo.page, ["typed by hand"])
    say_all(ada, bo)
    for page in (ada.page, bo.page):
        expect(messages(page)).to_have_count(1 + 2 * (len(TEXTS) + 3))
        expect(page.locator(".message.is-deleted")).to_have_count(2)
        for each in ("pending", "sent", "delivered"):
            expect(page.locator(f'[data-state="{each}"]')).to_have_count(0)

    for page in (ada.page, bo.page):
        drawn_by_script = markup(page)
        page.reload()
        assert drawn_by_script == markup(page)


def test_addresses_are_links_that_give_nothing_away(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    send(ada.page, "see https://example.org/a?b=1 and www.example.net/x, or javascript:alert(1)")

    for page in (ada.page, bo.page):
        links = messages(page).locator("p a")
        expect(links).to_have_text(["https://example.org/a?b=1", "www.example.net/x"])
        hrefs = links.evaluate_all("links => links.map(({ href }) => href)")
        assert hrefs == ["https://example.org/a?b=1", "https://www.example.net/x"]
        for link in links.all():
            expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
            expect(link).to_have_attribute("target", "_blank")


def test_the_page_and_the_server_agree_on_what_nobody_sees(person: PersonFor) -> None:
    page = person("Ada Lindqvist").page
    codes = [code for code in range(0x30000) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]
    codes += range(0xE0000, 0xE0200)
    blank = """async codes => {
      const { isBlank } = await import("/static/js/lib/text.js");
      return codes.filter((code) => isBlank(String.fromCodePoint(code)));
    }"""
    assert page.evaluate(blank, codes) == [code for code in codes if is_blank(chr(code))]


def test_a_message_that_nobody_would_see_is_not_sent(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    composer(ada.page).fill("\u3164 \u2800")
    composer(ada.page).press("Enter")
    send(ada.page, "seen")
    expect_texts(bo.page, ["seen"])
    assert stored(ada, bo) == ["seen"]


def test_a_name_turns_nothing_but_itself(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("\u202eليلى\u2066 حداد", None)
    ada.send(bo, "Hello")  # nothing for her to read, whose count would be in the title
    name = "\u2068ليلى حداد\u2069"

    ada.page.goto("/")
    row(ada.page, bo).click()
    expect(ada.page).to_have_title(f"{name} · Chatsite")
    assert ada.page.title() == f"{name} · Chatsite"
    ada.page.reload()
    assert ada.page.title() == f"{name} · Chatsite"
    label = ada.page.locator("message-list").get_attribute("aria-label")
    assert label == f"Messages with {name}"


WEB = "https://example.org/a"
# What is written, and the links in it: as they read, and where they lead when that is not the same.
LINKS: dict[str, list[str]] = {
    "https://example.org/docs，詳見": ["https://example.org/docs"],
    "「https://example.org/a」。": [WEB],
    "（https://example.org/a）": [WEB],
    "日本語https://example.org/a": [WEB],
    "https://example.org/a。次": [WEB],
    "https://example.org/a\u3000次": [WEB],
    "האתרhttps://example.org/a": [WEB],
    "https://example.org/a، ثم": [WEB],
    "https://example.org/a؟": [WEB],
    "“https://example.org/a”—so": [WEB],
    "so—https://example.org/a—it": [WEB],
    "«https://example.org/a»": [WEB],
    "https://example.org/a…": [WEB],
    "https://example.org/a’": [WEB],
    "https://example.org/a –": [WEB],
    "`https://example.org/a`": [],
    "`https://example.org/a": [WEB],
    "**https://example.org/a**.": [WEB],
    "https://example.org/a\u200bx": [WEB],
    "\u2067https://example.org/a\u2069": [WEB],
    "https://example.org/a\u202e/b": [WEB],
    "https://example.org/a\u3164": [WEB],
    "(https://example.org/a).": [WEB],
    "https://example.org/(a)(b))": ["https://example.org/(a)(b)"],
    "https://example.org/a*b*c": ["https://example.org/a*b*c"],
    "https://example.org/Bose–Einstein": ["https://example.org/Bose–Einstein"],
    "https://example.org/ジョン・スミス": ["https://example.org/ジョン・スミス"],
    "https://例え.jp/パス": ["https://例え.jp/パス"],
    "https://example.org/😀❤️": ["https://example.org/😀❤️"],
    "http://[::1]:8000/": ["http://[::1]:8000/"],
    "www.example.org.": ["www.example.org → https://www.example.org"],
    "xhttps://example.org www... https:// javascript:alert(1) example.org": [],
    "ann@example.org.": ["ann@example.org → mailto:ann@example.org"],
    "写ann@example.org写真": ["ann@example.org → mailto:ann@example.org"],
    "søren+x@b.example!": ["søren+x@b.example → mailto:søren+x@b.example"],
    "mailto:ann@example.org?subject=Hi.": ["mailto:ann@example.org?subject=Hi"],
    "https://ann@example.org/": ["https://ann@example.org/"],
    "@ann@example.social ann@example mailto:ann ann@@example.org": [],
}


def test_links_end_where_the_address_does_in_any_script(person: PersonFor) -> None:
    page = person("Ada Lindqvist").page
    links_in = """async texts => {
      const { formatted } = await import("/static/js/lib/markup.js");
      const read = (link) => [link.textContent, link.getAttribute("href")];
      return texts.map((text) => {
        const shown = formatted(text);
        const links = [...shown.querySelectorAll("a")].map(read);
        return shown.textContent === text ? links : "the text has changed";
      });
    }"""
    found = page.evaluate(links_in, list(LINKS))
    expected = [[link.split(" → ") for link in links] for links in LINKS.values()]
    assert dict(zip(LINKS, found, strict=True)) == {
        text: [[link[0], link[-1]] for link in links]
        for text, links in zip(LINKS, expected, strict=True)
    }


# Markers, which stay where they are without being seen, in angle brackets.
FORMATTED = {
    "*bold*, _slanted_ and ~gone~": "<b>‹*›bold‹*›</b>, <i>‹_›slanted‹_›</i> and <s>‹~›gone‹~›</s>",
    "**bold** ~~struck~~": "<b>‹**›bold‹**›</b> <s>‹~~›struck‹~~›</s>",
    "*bold _and italic_ too*": "<b>‹*›bold <i>‹_›and italic‹_›</i> too‹*›</b>",
    '(*a*) "_b_"! *c*.': '(<b>‹*›a‹*›</b>) "<i>‹_›b‹_›</i>"! <b>‹*›c‹*›</b>.',
    "*مرحبا* _шапка_ 这是*重点*吗": "<b>‹*›مرحبا‹*›</b> <i>‹_›шапка‹_›</i> 这是<b>‹*›重点‹*›</b>吗",
    "`*code*` `` ` ``": "<code>‹`›*code*‹`›</code> `` ` ``",
    "snake_case_name /usr/*.log /*.log ~/a ~/b __init__.py": "",
    "*_* >_< ^_^ -_- ~_~ ¯\\_(ツ)_/¯ :* and :* 2*3*4 5 * 3 * 2 *a*b": "",
    "*two\nlines* *open _end": "",
    "https://example.org/_a_/b": "<a>https://example.org/_a_/b</a>",
    "*https://example.org/_a_*": "<b>‹*›<a>https://example.org/_a_</a>‹*›</b>",
    "<b>no</b> *<i>x</i>*": "&lt;b&gt;no&lt;/b&gt; <b>‹*›&lt;i&gt;x&lt;/i&gt;‹*›</b>",
    "so:\n> a *b*\n>c\nno": "so:\n<q>‹&gt; ›a <b>‹*›b‹*›</b>\n‹&gt;›c\n</q>no",
    "- a\n* _b_\n10. c\n-d": "<li>‹- ›a\n</li><li>‹* ›<i>‹_›b‹_›</i>\n</li><li>10. c\n</li>-d",
    "```\n*a*\n  b\n```\n> c": "<pre>‹```\n›*a*\n  b‹\n```\n›</pre><q>‹&gt; ›c</q>",
    "```js\nlet s```": "<pre>‹```js\n›let s‹```›</pre>",
    "``` ```": "",
    "*open *closed* rest": "<b>‹*›open *closed‹*›</b> rest",
    "*a _b ~c *d* c~ b_ a*": "<b>‹*›a _b ~c *d‹*›</b> c~ b_ a*",
    "> a\nb\n> c": "<q>‹&gt; ›a\n</q>b\n<q>‹&gt; ›c</q>",
}


def test_what_is_marked_is_formatted_and_keeps_its_markers(person: PersonFor) -> None:
    page = person("Ada Lindqvist").page
    formatted = """async texts => {
      const { formatted } = await import("/static/js/lib/markup.js");
      const names = { STRONG: "b", EM: "i" };
      const classes = { "code-block": "pre", quoted: "q", item: "li", "item is-bullet": "li" };
      const read = (node) => {
        if (node.nodeType === Node.TEXT_NODE) return new Option(node.data).innerHTML;
        const within = [...node.childNodes].map(read).join("");
        if (node.hidden) return `‹${within}›`;
        const name = classes[node.className] ?? names[node.tagName] ?? node.tagName?.toLowerCase();
        return name ? `<${name}>${within}</${name}>` : within;
      };
      return texts.map((text) => {
        const nodes = formatted(text);
        return nodes.textContent === text ? read(nodes) : "the text has changed";
      });
    }"""
    found = page.evaluate(formatted, list(FORMATTED))
    plain = [text.replace("<", "&lt;").replace(">", "&gt;") for text in FORMATTED]
    expected = [html or text for html, text in zip(FORMATTED.values(), plain, strict=True)]
    assert found == expected


SELECT = """(field, [from, to]) => {
  const range = document.createRange();
  const texts = document.createTreeWalker(field, NodeFilter.SHOW_TEXT);
  for (let node; (node = texts.nextNode()); ) {
    if (node.data.includes(from)) range.setStart(node, node.data.indexOf(from));
    if (node.data.includes(to)) range.setEnd(node, node.data.indexOf(to) + to.length);
  }
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""


def test_keys_put_markers_around_words_and_copying_takes_them_along(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    field = composer(ada.page)
    field.fill("loud and quiet")
    field.evaluate("field => field.setSelectionRange(0, 5)")
    field.press("Control+b")
    field.evaluate("field => field.setSelectionRange(11, 16)")
    for key in ("Control+i", "Control+Shift+X", "Control+Shift+X"):
        field.press(key)
    expect(field).to_have_value("*loud* and _quiet_")
    field.press("Control+z")
    expect(field).not_to_have_value("*loud* and _quiet_")
    send(ada.page, "*loud* and _quiet_")

    expect_preview(bo.page, ada, "loud and quiet")
    shown = messages(bo.page).locator('[data-field="text"]')
    expect(shown).to_have_text("loud and quiet", use_inner_text=True)
    for selected, copied in (
        (["loud", "quiet"], "*loud* and _quiet_"),
        (["oud", "and"], "oud* and"),
    ):
        shown.evaluate(SELECT, selected)
        bo.page.keyboard.press("Control+c")
        composer(bo.page).fill("")
        composer(bo.page).press("Control+v")
        expect(composer(bo.page)).to_have_value(copied)


def test_script_in_names_and_texts_is_text(person: PersonFor) -> None:
    name = "<img src=x onerror=alert(1)>"
    ada, bo = person("Ada Lindqvist", None), person(name, None)
    ada.page.goto(f"/chat/{bo.id}")
    text = "<script>document.title = 'taken'</script>"
    bo.send(ada, text)

    expect(message(ada.page, text)).to_be_visible()
    ada.page.reload()
    expect(message(ada.page, text)).to_be_visible()
    expect(ada.page.get_by_role("heading", level=1, name=name)).to_be_visible()
    expect(row(ada.page, bo)).to_contain_text(text)
    expect(ada.page).to_have_title(f"{isolated(name)} · Chatsite")


def test_emoji_alone_are_large(person: PersonFor) -> None:
    ada, bo = open_pair(person)
    large, small = ["👋", "👩‍👩‍👧‍👦 ❤️ 🇸🇪"], ["🎉🎉🎉🎉", "ok 👋", "12"]

    send(ada.page, *large, *small)

    for page in (ada.page, bo.page):
        expect_texts(page, large + small)
        for text in large:
            expect(message(page, text).locator(".bubble")).to_have_css("font-size", "44px")
        for text in small:
            expect(message(page, text).locator(".bubble")).not_to_have_css("font-size", "44px")


def test_a_long_name_loses_its_end_whichever_way_it_reads(person: PersonFor) -> None:
    name = "محمد عبد الله الرحمن بن سليمان بن أحمد التميمي الحنظلي البغدادي الأول"
    phone = {"width": 390, "height": 844}
    ada, bo = person(name, None, viewport=phone), person(name, None)
    bo.send(ada, "Hello")

    for path in ("/", f"/chat/{bo.id}"):
        ada.page.goto(path)
        names = ada.page.locator(".truncate > bdi").filter(visible=True)
        for name_shown in names.all():
            assert name_shown.evaluate(CUT_AT_ITS_END), path


def test_each_text_has_its_own_direction(person: PersonFor) -> None:
    ada, bo = person("Ada Lindqvist", None), person("ليلى حداد", None)
    ada.page.goto(f"/chat/{bo.id}")
    bo.send(ada, ARABIC)
    bo.send(ada, "Hello")

    expect(ada.page.get_by_text(ARABIC).last).to_have_css("direction", "rtl")
    expect(message(ada.page, "Hello").get_by_text("Hello")).to_have_css("direction", "ltr")
    expect(ada.page.locator("html")).to_have_css("direction", "ltr")
    composer(ada.page).fill(ARABIC)
    expect(composer(ada.page)).to_have_css("direction", "rtl")
    expect(row(ada.page, bo).locator("bdi")).to_have_css("direction", "rtl")


@pytest.mark.parametrize("width", [320, 1280])
def test_what_is_very_long_does_not_break_the_page(person: PersonFor, width: int) -> None:
    viewport = {"width": width, "height": 700}
    ada = person("Ada Lindqvist", None, viewport=viewport)
    bo = person("Bo" + "o" * 90, None)
    ada.page.goto(f"/chat/{bo.id}")
    bo.send(ada, LONG_WORD)
    bo.send(ada, "https://example.org/" + "a" * 300)
    send(ada.page, "word " * 400)
    expect_states(ada.page, "--s")

    for path in (f"/chat/{bo.id}", "/"):
        ada.page.goto(path)
        expect(row(ada.page, bo)).to_be_visible(visible=path == "/" or width == 1280)
        assert ada.page.evaluate(SIDEWAYS) == []
