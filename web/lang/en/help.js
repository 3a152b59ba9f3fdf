// The words around the manual; its articles are in manual/.

export default {
  help: "Help",
  help_about: "Help for this page",
  help_why: "How to do what you need: step by step, with pictures.",
  help_find: "Find in the help",
  help_contents: "Contents",
  help_good: "Good to know",
  help_nothing: "The help has nothing on that. Try another word.",
  help_previous: "Back",
  help_next: "Next",
  help_all: "All of the help, to print",
  help_print: "Print",
  help_enlarge: "Open the picture",
  help_none: "There is no such article.",
  help_whole: "The whole help",
  help_kind: "help",
  help_open: ({ name = "" }) => `Open “${name}”`,
  help_more: ({ name = "" }) => `More on “${name}”`,
};
