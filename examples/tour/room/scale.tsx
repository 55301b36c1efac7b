import { easeWord, feelingOf, number, signed } from "./words.ts";

interface ScaleProps {
  readonly kind: "sentiment" | "ease";
  readonly label: string;
  readonly says: string;
  readonly min: number;
  readonly max: number;
  readonly value: number;
}

/** A value between two ends. The policy of this page allows no style in an element, so that the place is an attribute. */
function Scale({ kind, label, says, min, max, value }: ScaleProps) {
  const now = Math.min(Math.max(value, min), max);
  return (
    <div className="meter">
      <span>{label}</span>
      <b>{says}</b>
      <svg
        className={`scale ${kind}`}
        role="meter"
        aria-label={label}
        aria-valuemin={min}
        aria-valuemax={max}
        aria-valuenow={Math.round(now * 100) / 100}
        aria-valuetext={says}
      >
        <circle cx={`${(((now - min) / (max - min)) * 100).toFixed(1)}%`} cy="50%" r="6.5" />
      </svg>
    </div>
  );
}

export function Sentiment({ value }: { readonly value: number }) {
  const says = `${feelingOf(value)} ${signed(value)}`;
  return <Scale kind="sentiment" label="Sentiment" says={says} min={-1} max={1} value={value} />;
}

export function Ease({ value }: { readonly value: number | null }) {
  if (value === null) {
    return (
      <div className="meter">
        <span>Ease of reading</span>
        <b>no words</b>
      </div>
    );
  }
  const says = `${easeWord(value)} ${number(Math.round(value))}`;
  return <Scale kind="ease" label="Ease of reading" says={says} min={0} max={100} value={value} />;
}
