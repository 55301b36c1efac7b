import winkNLP, { type Document, type PartOfSpeech, type WinkMethods } from "wink-nlp";
import model from "wink-eng-lite-web-model";
import type { Passage, Reading } from "./reading.ts";

const wordsPerMinute = 230;
const mostKeywords = 12;
const naming: readonly PartOfSpeech[] = ["NOUN", "PROPN"];

/** An English language model, loaded by its construction. It remembers each word that it did not know. */
export class Language {
  readonly #nlp: WinkMethods = winkNLP(model);

  read(text: string): Reading {
    const { its } = this.#nlp;
    const document = this.#nlp.readDoc(text.trim());
    const kinds = all(document.tokens(), its.type);
    const passages = this.#passages(document);
    const words = kinds.filter((kind) => kind === "word").length;
    const { fres } = one(document, its.readabilityStats);
    return {
      characters: text.length,
      words,
      sentences: passages.length,
      seconds: Math.round((words / wordsPerMinute) * 60),
      sentiment: round(passages.reduce((sum, { sentiment }) => sum + sentiment, 0) / Math.max(passages.length, 1)),
      ease: words === 0 ? null : fres,
      entities: this.#entities(document),
      keywords: this.#keywords(document),
      passages,
    };
  }

  #passages(document: Document): Passage[] {
    const { its } = this.#nlp;
    const values = all(document.tokens(), its.value);
    const spaces = all(document.tokens(), its.precedingSpaces);
    const kinds = this.#kindsByToken(document);
    const sentiments = all(document.sentences(), its.sentiment);
    const passages: Passage[] = [];
    let space = "";
    for (const [at, [first = 0, last = -1]] of all(document.sentences(), its.span).entries()) {
      const passage: Passage = { sentiment: round(sentiments[at] ?? 0), parts: [] };
      append(passage, space, null);
      for (let i = first; i <= last; i++) {
        const inside = i > first && kinds[i] === kinds[i - 1];
        append(passage, spaces[i] ?? "", inside ? (kinds[i]?.kind ?? null) : null);
        append(passage, values[i] ?? "", kinds[i]?.kind ?? null);
      }
      space = takeTrailingSpace(passage);
      passages.push(passage);
    }
    return passages;
  }

  /** For each token of an entity the same object, so that two entities side by side can be told apart. */
  #kindsByToken(document: Document): readonly ({ readonly kind: string } | undefined)[] {
    const { its } = this.#nlp;
    const kinds: { readonly kind: string }[] = [];
    const details = all(document.entities(), its.detail);
    for (const [at, [first = 0, last = -1]] of all(document.entities(), its.span).entries()) {
      const kind = { kind: details[at]?.type ?? "" };
      for (let i = first; i <= last; i++) kinds[i] = kind;
    }
    return kinds;
  }

  #entities(document: Document): Reading["entities"] {
    const found = new Map<string, { value: string; kind: string; count: number }>();
    for (const { value, type } of all(document.entities(), this.#nlp.its.detail)) {
      const key = `${type} ${value}`;
      const entity = found.get(key) ?? { value, kind: type, count: 0 };
      entity.count++;
      found.set(key, entity);
    }
    return [...found.values()].sort((a, b) => b.count - a.count);
  }

  #keywords(document: Document): Reading["keywords"] {
    const { its } = this.#nlp;
    const tokens = document.tokens();
    const speech = all(tokens, its.pos);
    const stops = all(tokens, its.stopWordFlag);
    const counts = new Map<string, number>();
    for (const [i, word] of all(tokens, its.lemma).entries()) {
      if (stops[i] || !naming.includes(speech[i] ?? "X") || !/^\p{L}[\p{L}\p{M}\d'-]+$/u.test(word)) continue;
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    const sorted = [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b, "en"));
    return sorted.slice(0, mostKeywords).map(([word, count]) => ({ word, count }));
  }
}

function append({ parts }: Passage, text: string, entity: string | null): void {
  if (text === "") return;
  const last = parts.at(-1);
  if (last !== undefined && last.entity === entity) last.text += text;
  else parts.push({ text, entity });
}

/** The model counts the end of a line to the sentence before it. */
function takeTrailingSpace({ parts }: Passage): string {
  const last = parts.at(-1);
  if (last === undefined || last.entity !== null) return "";
  const text = last.text.trimEnd();
  const space = last.text.slice(text.length);
  last.text = text;
  if (text === "") parts.pop();
  return space;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

// The library's own types leave open what comes out, though the function that is passed in says it.
type Its<T> = (...parameters: never) => T;

function all<T>(items: { out(its: never): unknown }, its: Its<T>): readonly T[] {
  return items.out(its as never) as readonly T[];
}

function one<T>(item: { out(its: never): unknown }, its: Its<T>): T {
  return item.out(its as never) as T;
}
