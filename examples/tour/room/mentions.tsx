import { Mark } from "./mention.tsx";
import { useDesk } from "./states.ts";

const most = 24;

/** What is named, and what is spoken of, the most frequent first. */
export function Mentions() {
  const mentions = useDesk(({ mentions }) => mentions);
  const sorted = mentions.toSorted((a, b) => b.count - a.count);
  const named = sorted.filter(({ kind }) => kind !== null).slice(0, most);
  const keywords = sorted.filter(({ kind }) => kind === null).slice(0, most);
  if (sorted.length === 0) return null;
  return (
    <div className="card mentions">
      {named.length > 0 && <h3>Named</h3>}
      {named.length > 0 && <Chips of={named} />}
      {keywords.length > 0 && <h3>Keywords</h3>}
      {keywords.length > 0 && <Chips of={keywords} />}
    </div>
  );
}

interface Chip {
  readonly id: string;
  readonly value: string;
  readonly kind: string | null;
  readonly count: number;
}

function Chips({ of }: { readonly of: readonly Chip[] }) {
  return (
    <ul className="chips">
      {of.map(({ id, value, kind, count }) => (
        <li key={id}>
          {kind === null ? <span>{value}</span> : <Mark kind={kind}>{value}</Mark>}
          {count > 1 && <small> × {count}</small>}
        </li>
      ))}
    </ul>
  );
}
