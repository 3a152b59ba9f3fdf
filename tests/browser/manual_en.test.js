// The manual in English: its tasks are done as it tells them. DOZVON_MANUAL gets its pictures (scripts/manual).
import texts from "../../web/manual/en.js";
import { walk } from "./manual/walk.js";

walk("en", texts);
