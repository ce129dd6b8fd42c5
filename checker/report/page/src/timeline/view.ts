// Timeline.

import type { ViewModule } from "../shell/view";

export const timeline: ViewModule = {
  name: "timeline",
  title: "Timeline",
  keys: [],
  mount(element) {
    element.append("Timeline");
    return {};
  },
};
