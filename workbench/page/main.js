// Builds the frame around viser's view; every part is a file of its own.

import { buildBar } from "./bar.js";
import { buildHelp } from "./help.js";
import { buildLeft } from "./left.js";
import { start } from "./link.js";
import { buildNotices } from "./notices.js";
import { keepPresses, leaveButtons } from "./presses.js";
import { buildTimeline } from "./timeline.js";
import { buildView } from "./view.js";

buildBar();
buildLeft();
buildView();
buildTimeline();
buildNotices();
buildHelp();
leaveButtons();
keepPresses();
start();
