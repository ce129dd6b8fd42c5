// Verdict.

import type { ViewModule } from "../shell/view";

export const verdict: ViewModule = {
  name: "verdict",
  title: "Verdict",
  keys: [],
  mount(element) {
    element.append("Verdict");
    return {};
  },
};
