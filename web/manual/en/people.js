// The manual's chapter on employees: what they may, and how they are reached.

/** @type {Record<string, import("../contents.js").Article>} */
export default {
  rights: {
    title: "Decide where a number may call",
    why: "Allow each number only what it needs: so a stolen password or a slip does not cost much.",
    steps: [
      "Open “Internal numbers” and the employee's number.",
      ["Tick what is needed in “Where it may call”. Mostly people tick all lines down to the one they need.", "rights"],
      "Press “Save”. New calls go by the new rules at once.",
    ],
    good: ["101–104 and 112 can always be dialled, even without rights: {emergency}.", "The right holds for forwarding too: it does not go where the number may not call.", "When the box does not know a mobile's region, it takes it for one of another region: then “Mobiles, whole country” is needed."],
  },
  "shown-number": {
    title: "Choose the number that others see",
    why: "When an employee calls the city, the other side sees one of the office's numbers. You decide which.",
    steps: [
      "Open “Internal numbers” and the employee's number.",
      ["Choose the “Number for outgoing calls” and press “Save”.", "shown-number"],
    ],
    good: ["To hide the number for one call, dial `*31` and the number.", "The other side sees something else? {wrong-number-shown}."],
  },
  forwarding: {
    title: "Forward calls",
    why: "Calls for an employee go to another number: always, when busy, or when nobody answers.",
    steps: [
      "Open “Internal numbers” and the employee's number.",
      ["Choose “Forwarding” at the telephone: “Always” or “On condition”. Enter the number; below it stands how the box understands it.", "forward"],
      ["When this number may not call there, the box says so right here. “Allow calls there” helps.", "forward-not-allowed"],
      "Press “Save”.",
    ],
    good: ["Employees can do it themselves, by telephone: {self}.", "Whoever gets the forwarded call sees the caller's number; the office's, if the carrier does not allow that."],
  },
  mobile: {
    title: "Ring a mobile too",
    why: "A number may have up to four telephones. A mobile rings together with the desk telephone, or after it.",
    steps: [
      "Open “Internal numbers” and the employee's number.",
      ["Press “Mobile” below the telephones and enter its number. Leave “Ask to press 1” on, so that no mailbox takes the call.", "mobile"],
      ["Choose “Ring together” or “One by one”. The drawing below shows who rings when; the handle at the left changes the order.", "ring-order"],
      "Press “Save”.",
    ],
    good: ["A call to a mobile goes over the city line: it takes the line and costs as much as an outgoing call."],
  },
  "switch-on-voicemail": {
    title: "Switch voicemail on",
    why: "When nobody answers, the caller may leave a message.",
    steps: [
      "Open “Internal numbers” and the employee's number.",
      ["Switch “Voicemail” on. The “Mailbox PIN” is for listening from somebody else's telephone.", "voicemail-on"],
      "Press “Save”.",
    ],
    good: ["Listen on the page or by telephone: {voicemail}.", "Messages come by mail too, when the number has an e-mail address and the box's mail is set up: {mail}."],
  },
  "remove-number": {
    title: "Remove a number without losing calls",
    why: "The box lets no call get lost: it shows where the number is needed and asks where those calls should go.",
    steps: [
      "Open the number and press “Delete”.",
      ["When it is needed somewhere, choose “What should take its place” and press “Delete and switch”.", "remove"],
      ["Changed your mind? Press “Bring back”: all is as it was.", "remove-undo"],
    ],
    good: ["It can be brought back a month later too: {versions}.", "Groups, recordings, timetables and menus are removed in the same way."],
  },
};
