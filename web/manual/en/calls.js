// The manual's chapter on calls: now, before, and left in mailboxes.

/** @type {Record<string, import("../contents.js").Article>} */
export default {
  now: {
    title: "See what goes on now",
    why: "Who talks, who waits, which telephones are online. The page follows by itself.",
    steps: [
      ["Open “Now”. Its first line says whether people can reach you; below are “Calls in progress” and “Waiting for an answer”.", "now"],
      ["An administrator can end somebody's call: the red handset at the right. The box asks again, since a call can't be brought back.", "hang-up"],
      ["“Phones” shows who is free, who talks and who is offline.", "now-phones"],
    ],
    good: ["The page “Routing” shows where on its way each call is now."],
  },
  dial: {
    title: "Call from the page",
    why: "No dialling on the telephone: the box calls you, then the one you want.",
    steps: [
      "Open “Now”.",
      ["Choose “My phone” and enter a number. Below it stands how the box understands it. Press “Call”.", "dial"],
      "Your telephone rings. Pick it up, and the box dials the number.",
    ],
    good: ["Each call of the history has a button “Call back” that does the same."],
  },
  "find-call": {
    title: "Find a call and see how it went",
    why: "Each call stays in the history from its first ring: who called, who was rung, who answered, how long it took.",
    steps: [
      ["Open “Calls”. Enter a number or a name, choose days, employee, “Direction” and “Outcome”.", "calls-filters"],
      ["Press a call. “How the call went” tells each step to the second.", "call-story"],
      "The key `Esc` closes the story and returns to the list.",
    ],
    good: ["“Reset” shows all calls again.", "The page's address keeps the search: you can send it to a colleague.", "“SIP messages, for the curious” at the end of the story is what the support will ask for."],
  },
  recordings: {
    title: "Record calls and listen",
    why: "Recording is switched on number by number. An administrator may listen, and whoever is allowed to.",
    steps: [
      "Open “Internal numbers” and the employee's number.",
      ["Switch “Record calls” on and press “Save”.", "record-switch"],
      "Open “Calls”. A recorded call has the sign of a tape: press it.",
      ["Listen: one side above, the other below. Press the drawing to go elsewhere. Speed, download and deletion are beside it.", "player"],
    ],
    good: ["Tell people that they are recorded: the law demands it. A greeting helps: {greeting}.", "How long recordings are kept: {office}.", "When the disk is full, recording stops and calls go on."],
  },
  export: {
    title: "The day's figures, and a file for Excel",
    why: "How many calls were answered, how many missed, who was not called back.",
    steps: [
      ["Open “Calls” and choose what to show. Press XLSX or CSV beside “Download what was found”: the file holds all of it.", "export"],
      ["“By day” shows how many were answered and missed. Press a bar to see that day.", "month"],
      ["“Not called back” gathers those who did not get through. “Call” calls by way of your telephone, and the line goes away.", "not-called-back"],
    ],
  },
  voicemail: {
    title: "Listen to voicemail",
    why: "The messages of all mailboxes are on one page.",
    steps: [
      "Open “Voicemail”.",
      ["Press a message and listen. “Mark as heard” takes the sign of a new one away, “Call back” calls the person.", "voicemail"],
    ],
    good: ["By telephone: dial `*97`. The telephone's lamp tells of a new message.", "There is no voicemail? It is switched on at the number: {switch-on-voicemail}."],
  },
};
