const plain = new Intl.NumberFormat("en");

export function number(value: number): string {
  return plain.format(value);
}

/** A count with its noun: "1 word", "2,000 words". */
export function counted(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
}

export function duration(seconds: number): string {
  return seconds < 60 ? `${number(Math.round(seconds))} s` : `${number(Math.round(seconds / 60))} min`;
}

export type Feeling = "glad" | "gloomy" | "neutral";

export function feelingOf(sentiment: number): Feeling {
  if (sentiment > 0.05) return "glad";
  return sentiment < -0.05 ? "gloomy" : "neutral";
}

export function signed(sentiment: number): string {
  const sign = sentiment >= 0.005 ? "+" : sentiment <= -0.005 ? "−" : "";
  return `${sign}${Math.abs(sentiment).toFixed(2)}`;
}

export function easeWord(ease: number): string {
  if (ease >= 80) return "easy";
  if (ease >= 60) return "plain";
  if (ease >= 50) return "fairly hard";
  return ease >= 30 ? "hard" : "very hard";
}
