// The manual in English.
import box from "./en/box.js";
import calls from "./en/calls.js";
import people from "./en/people.js";
import start from "./en/start.js";
import telephone from "./en/telephone.js";
import trouble from "./en/trouble.js";
import way from "./en/way.js";

/** @type {import("./contents.js").Texts} */
export default {
  chapters: {
    start: "To begin with",
    way: "The way of a call",
    people: "Employees",
    calls: "Calls",
    telephone: "At the telephone",
    box: "The box",
    trouble: "When something is wrong",
  },
  articles: { ...start, ...way, ...people, ...calls, ...telephone, ...box, ...trouble },
};
