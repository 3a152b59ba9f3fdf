// The words around the manual; its articles are in manual/.

export default {
  help: "Справка",
  help_about: "Справка об этой странице",
  help_why: "Как сделать то, что нужно: по шагам, с картинками.",
  help_find: "Найти в справке",
  help_contents: "Содержание",
  help_good: "Полезно знать",
  help_nothing: "В справке такого нет. Попробуйте другое слово.",
  help_previous: "Назад",
  help_next: "Дальше",
  help_all: "Вся справка для печати",
  help_print: "Напечатать",
  help_enlarge: "Открыть картинку",
  help_none: "Такой статьи нет.",
  help_whole: "Вся справка",
  help_kind: "справка",
  help_open: ({ name = "" }) => `Открыть «${name}»`,
  help_more: ({ name = "" }) => `Ещё о разделе «${name}»`,
};
