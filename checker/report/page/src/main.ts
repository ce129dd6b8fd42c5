// The page of report.html: the data of one run, shown in several ways.

import "./styles/report.css";
import { complete, type Report } from "./data";
import { plots } from "./plots/view";
import { Shell } from "./shell/shell";
import { spacetime } from "./spacetime/view";
import { timeline } from "./timeline/view";
import { verdict } from "./verdict/view";

// checker/report/html.py makes the page: the data in one element, and another to build in.
const source = document.getElementById("report-data");
const app = document.getElementById("app");
if (!source?.textContent || !app) throw new Error("this page holds no report");
new Shell(app, complete(JSON.parse(source.textContent) as Partial<Report>), [verdict, timeline, spacetime, plots]);
