// Space-time.

import type { ViewModule } from "../shell/view";

export const spacetime: ViewModule = {
  name: "spacetime",
  title: "Space-time",
  keys: [],
  mount(element) {
    element.append("Space-time");
    return {};
  },
};
