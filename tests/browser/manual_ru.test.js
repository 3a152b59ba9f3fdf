// The manual in Russian: its tasks are done as it tells them. DOZVON_MANUAL gets its pictures (scripts/manual).
import texts from "../../web/manual/ru.js";
import { walk } from "./manual/walk.js";

walk("ru", texts);
