/**
 * Patches by library: `changer` takes a state and a step and gives a function that makes one change, with its patches; `apply`
 * is the client's side.
 */
export const libraries = {
  async mutative() {
    const { apply, create } = await import("mutative");
    return {
      changer: (seat, step) => () => {
        const [state, patches] = create(seat.state, step, { enablePatches: true });
        seat.state = state;
        return patches;
      },
      apply,
    };
  },
  async immer() {
    const { applyPatches, enablePatches, produceWithPatches } = await import("immer");
    enablePatches();
    return {
      changer: (seat, step) => () => {
        const [state, patches] = produceWithPatches(seat.state, step);
        seat.state = state;
        return patches;
      },
      apply: applyPatches,
    };
  },
  async "fast-json-patch"() {
    const { default: library } = await import("fast-json-patch");
    return {
      changer(seat, step) {
        const observer = library.observe(seat.state);
        return () => {
          step(seat.state);
          return library.generate(observer);
        };
      },
      apply: (state, patches) => library.applyPatch(state, patches).newDocument,
    };
  },
};
