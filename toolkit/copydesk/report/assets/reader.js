// The reader works without this. With it, a label shows its relations and its passport beside the text, and keys go from label to label.
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const KEYS_OFF = "copydesk.keys.off";

/** Group elements by what they are marked with. */
function grouped(elements, name) {
  const groups = new Map();
  for (const one of elements) {
    if (!groups.has(one.dataset[name])) groups.set(one.dataset[name], []);
    groups.get(one.dataset[name]).push(one);
  }
  return groups;
}

class Reader {
  constructor(article) {
    this.sheet = article.querySelector(".sheet");
    this.passport = article.querySelector("#passport");
    this.tags = [...this.sheet.querySelectorAll("a.label")];
    this.pieces = grouped(this.sheet.querySelectorAll("[data-m]"), "m");
    this.relations = new Map();
    for (const item of article.querySelectorAll("[data-head]")) {
      for (const end of new Set([item.dataset.head, item.dataset.tail])) {
        this.relations.set(end, [...(this.relations.get(end) ?? []), item]);
      }
    }
    this.chosen = null;
    this.lit = [];
    article.addEventListener("click", (event) => this.click(event));
    this.sheet.addEventListener("focusin", (event) => event.target.matches("a.label") && this.choose(event.target.dataset.m));
    this.sheet.addEventListener("pointerover", (event) => {
      const over = event.target.closest("[data-m]");
      if (over) this.choose(over.dataset.m);
    });
  }

  /** Show which pieces of the text a label covers, and what it is related to. */
  choose(key) {
    if (key === this.chosen) return;
    for (const one of this.lit) one.classList.remove("on");
    this.chosen = key;
    const related = this.relations.get(key) ?? [];
    this.lit = [...(this.pieces.get(key) ?? []), ...related];
    for (const one of this.lit) one.classList.add("on");
    this.draw(related);
  }

  /** Draw relations as lines from tag to tag. */
  draw(related) {
    this.sheet.querySelector(".links")?.remove();
    const ends = related
      .map((item) => [item, this.pieces.get(item.dataset.head)?.[0], this.pieces.get(item.dataset.tail)?.[0]])
      .filter(([, head, tail]) => head && tail);
    if (!ends.length) return;
    const picture = document.createElementNS(SVG, "svg");
    picture.setAttribute("class", "links");
    picture.setAttribute("aria-hidden", "true");
    const whole = this.sheet.getBoundingClientRect();
    for (const [item, head, tail] of ends) {
      const [from, to] = [head, tail].map((one) => {
        const box = one.getBoundingClientRect();
        return [box.left + box.width / 2 - whole.left + this.sheet.scrollLeft, box.top - whole.top];
      });
      const high = Math.min(from[1], to[1]) - 26;
      const line = document.createElementNS(SVG, "path");
      line.setAttribute("d", `M ${from} C ${from[0]} ${high} ${to[0]} ${high} ${to} m -4 -7 l 4 7 l 4 -7`);
      const name = document.createElementNS(SVG, "text");
      name.setAttribute("x", (from[0] + to[0]) / 2);
      name.setAttribute("y", high + 6);
      name.setAttribute("text-anchor", "middle");
      name.textContent = item.querySelector("strong").textContent;
      picture.append(line, name);
    }
    this.sheet.append(picture);
  }

  click(event) {
    const link = event.target.closest("a");
    const piece = event.target.closest(".m");
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (link?.getAttribute("href").startsWith("/labels/")) {
      event.preventDefault();
      this.open(link);
    } else if (piece && !link && getSelection().isCollapsed) {
      this.pieces.get(piece.dataset.m)?.[0].focus();
    }
  }

  /** Show the passport that a link leads to, and stand in it until it is closed. */
  async open(link) {
    const answer = await part(link.href);
    if (!answer?.ok) {
      location.assign(link.href);
      return;
    }
    this.passport.innerHTML = await answer.text();
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "Close";
    close.addEventListener("click", () => this.close());
    this.passport.append(close);
    this.passport.hidden = false;
    this.passport.focus();
    this.back = link;
  }

  close() {
    if (this.passport.hidden) return;
    this.passport.hidden = true;
    this.back?.focus();
  }

  /** Go to the label that stands so many places on from the one that was chosen last. */
  go(steps) {
    const at = this.tags.findIndex((tag) => tag.dataset.m === this.chosen);
    const next = this.tags[at === -1 ? (steps > 0 ? 0 : this.tags.length - 1) : at + steps];
    next?.scrollIntoView({ block: "nearest" });
    next?.focus();
  }
}

/** Obey keys, unless somebody is writing; those that are single signs can be switched off. */
function obey(reader, search) {
  const help = document.getElementById("keys");
  const box = document.getElementById("use-keys");
  if (box) {
    box.checked = localStorage.getItem(KEYS_OFF) === null;
    box.addEventListener("change", () => (box.checked ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "1")));
    const button = document.querySelector("[data-dialog='keys']");
    button.hidden = false;
    button.addEventListener("click", () => help.showModal());
  }
  const acts = {
    n: () => reader?.go(1),
    p: () => reader?.go(-1),
    "/": () => (search ? search.focus() : location.assign("/documents")),
    "?": () => help?.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    const writing = event.target.matches("input, select, textarea");
    if (event.key === "Escape") reader?.close();
    if (writing || help?.open || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem(KEYS_OFF)) return;
    if (!(event.key in acts)) return;
    event.preventDefault();
    acts[event.key]();
  });
}

{
  const article = document.querySelector("article.reader");
  const search = document.querySelector("[data-key='/']");
  if (article || search) obey(article ? new Reader(article) : null, search);
}
