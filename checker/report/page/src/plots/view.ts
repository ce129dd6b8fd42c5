// Plots.

import type { ViewModule } from "../shell/view";

export const plots: ViewModule = {
  name: "plots",
  title: "Plots",
  keys: [],
  mount(element) {
    element.append("Plots");
    return {};
  },
};
