// What every page of the frame needs; each behaviour lives in a file of its own.
import "./menu.js";
import "./keys.js";
import "./pending.js";
import "./zone.js";
import "./toast.js";
import "./age.js";
import "./now.js";
import "./tables.js";
import "./filters.js";
import "./eta.js";
import "./select.js";
import "./trouble.js";
import "./voice.js";
import "./notify.js";
import "./refresh.js";
import "./live.js";
