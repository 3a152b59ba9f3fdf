// The manual in Russian.
import box from "./ru/box.js";
import calls from "./ru/calls.js";
import people from "./ru/people.js";
import start from "./ru/start.js";
import telephone from "./ru/telephone.js";
import trouble from "./ru/trouble.js";
import way from "./ru/way.js";

/** @type {import("./contents.js").Texts} */
export default {
  chapters: {
    start: "Начало",
    way: "Путь звонка",
    people: "Сотрудники",
    calls: "Звонки",
    telephone: "На телефоне",
    box: "Станция",
    trouble: "Если что-то не так",
  },
  articles: { ...start, ...way, ...people, ...calls, ...telephone, ...box, ...trouble },
};
