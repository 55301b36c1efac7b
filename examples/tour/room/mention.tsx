import type { ReactNode } from "react";

const families: Readonly<Record<string, readonly string[]>> = {
  time: ["DATE", "TIME", "DURATION"],
  amount: ["CARDINAL", "ORDINAL", "PERCENT", "MONEY"],
  web: ["URL", "EMAIL", "HASHTAG", "MENTION"],
};

/** Words that stand for a date, an amount, an address. */
export function Mark({ kind, children }: { readonly kind: string; readonly children: ReactNode }) {
  const family = Object.keys(families).find((name) => families[name]?.includes(kind));
  return (
    <mark data-family={family}>
      {children}
      <small>{kind.toLowerCase()}</small>
    </mark>
  );
}
