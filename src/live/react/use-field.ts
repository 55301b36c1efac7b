import { useRef, useState } from "react";

/** What an `<input>`, `<textarea>` or `<select>` is spread with. */
export interface Field {
  readonly value: string;
  readonly onChange: (event: { readonly currentTarget: { readonly value: string } }) => void;
  readonly onBlur: () => void;
}

/**
 * A field whose value is kept by the server. Each change is sent; what is being typed stays as it was typed until the field
 * is left and the last change is answered, however long that takes. From then on it shows `value`.
 */
export function useField(value: string | number, send: (text: string) => unknown): Field {
  const [typed, setTyped] = useState<string>();
  const isBeingTyped = useRef(false);
  const unanswered = useRef(0);
  const settle = (): void => {
    if (!isBeingTyped.current && unanswered.current === 0) setTyped(undefined);
  };
  const deliver = async (text: string): Promise<void> => {
    unanswered.current++;
    try {
      await send(text);
    } finally {
      unanswered.current--;
      settle();
    }
  };
  return {
    value: typed ?? String(value),
    onChange: ({ currentTarget }) => {
      isBeingTyped.current = true;
      setTyped(currentTarget.value);
      // What the server refuses is the page's to see: an unhandled rejection, unless `send` handles it.
      void deliver(currentTarget.value);
    },
    onBlur: () => {
      isBeingTyped.current = false;
      settle();
    },
  };
}
