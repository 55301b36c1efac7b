import { counted, element, number } from "./element.js";
import { ask, refusalCard } from "./server.js";

const size = 8;

/** The list of documents with its search; what is listed is a link to `#/documents/<id>`. */
export class DocumentList {
  #form;
  #target;
  #page = 1;
  #asking = new AbortController();
  #typing;

  constructor(form, target) {
    this.#form = form;
    this.#target = target;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => void this.show(1), 150);
    });
  }

  search(query) {
    this.#form.elements.query.value = query;
    this.#form.elements.query.focus();
    void this.show(1);
  }

  /** Shows a page of what matches; an answer that comes too late is dropped. */
  async show(page = this.#page) {
    this.#page = page;
    this.#asking.abort();
    const { signal } = (this.#asking = new AbortController());
    const { query, sort } = this.#form.elements;
    const [by, order] = sort.value.split(" ");
    const asked = new URLSearchParams({ query: query.value, sort: by, order, page, size });
    try {
      const found = await ask(`/documents?${asked}`, { signal });
      if (found.items.length === 0 && page > 1) return void this.show(1);
      this.#target.replaceChildren(...this.#nodes(found));
      this.mark();
    } catch (error) {
      if (!signal.aborted) this.#target.replaceChildren(refusalCard(error));
    }
  }

  /** Marks the document that the address names. */
  mark() {
    for (const link of this.#target.querySelectorAll("a")) {
      if (link.hash === location.hash) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  #nodes({ items, page, pages, total }) {
    if (total === 0) {
      const query = this.#form.elements.query.value.trim();
      return [
        element("p", { class: "empty" }, query === "" ? "Nothing has been read yet." : `No document has “${query}”.`),
      ];
    }
    const first = (page - 1) * size + 1;
    const range = `${number(first)}–${number(first + items.length - 1)} of ${number(total)}`;
    const turns = element(
      "span",
      {},
      this.#turn("Previous", page - 1, page > 1),
      " ",
      this.#turn("Next", page + 1, page < pages),
    );
    return [
      element("ul", { class: "documents" }, ...items.map(itemOf)),
      element("div", { class: "row" }, element("span", { class: "note" }, range), turns),
    ];
  }

  #turn(label, page, possible) {
    const button = element("button", { type: "button", disabled: possible ? undefined : "" }, label);
    button.addEventListener("click", () => void this.show(page));
    return button;
  }
}

function itemOf({ id, title, path, words, ease }) {
  const about = ease === null ? counted(words, "word") : `${counted(words, "word")} · ease ${number(ease)}`;
  const lines = [element("strong", {}, title), element("small", {}, path), element("small", {}, about)];
  return element("li", {}, element("a", { href: `#/documents/${id}`, title: path }, ...lines));
}
