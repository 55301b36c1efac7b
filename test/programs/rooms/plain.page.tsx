import type { PageProps } from "livespan/react";

export default function Page({ params }: PageProps) {
  return <h1>{params["name"]}</h1>;
}
