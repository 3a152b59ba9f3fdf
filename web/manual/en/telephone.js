// The manual's chapter on what is done at the telephone.

/** @type {Record<string, import("../contents.js").Article>} */
export default {
  transfer: {
    title: "Transfer a call",
    why: "When the telephone has a key for it, use that. When it has none, a call is transferred by digits while you talk.",
    steps: [
      ["“Transfer at once”: press `##` and the colleague's number, as `##204`. The call goes there, you are free.", "codes-call"],
      "“Transfer after asking”: press `*2` and the number. The caller hears music while you talk to the colleague. `*2` again joins them.",
      "The colleague does not answer? `*0`: “Back to the caller”.",
    ],
    good: ["The page “Codes and parking” shows these codes and changes them: {codes}."],
  },
  codes: {
    title: "Codes for the telephone",
    why: "Short codes open from any telephone whatever the box can do.",
    steps: [
      ["Open “Codes and parking”. Enter another code, or switch off what you don't need.", "codes-change"],
      ["Press “Save”. “Bring all back” sets the usual codes.", "codes-saved"],
    ],
    good: [
      "`*8` answers a call that rings at a colleague's of your group; `*8` and a number: at that number.",
      "`*66` connects you as soon as a busy number is free. `*69` calls whoever called last.",
      "`*80` and a group's number: an announcement over the loudspeakers of its telephones.",
      "`*43` tests a telephone by echo: you hear yourself. `*65` says the time and your number.",
    ],
  },
  self: {
    title: "Do not disturb and forwarding by telephone",
    why: "An employee needs no page: the telephone switches it all.",
    steps: [
      ["“Do not disturb”: `*60`, “May be disturbed again”: `#60`. Forwarding: `*21` and a number sends all calls there, `#21` brings them back.", "codes-self"],
      "When busy: `*67` and a number, off by `#67`. When nobody answers: `*61` and a number, off by `#61`.",
    ],
    good: ["Forwarding does not go where the number may not call: {rights}.", "The page of the number shows the same: {forwarding}."],
  },
  parking: {
    title: "Park a call",
    why: "The call waits at a place of its own and can be taken from any telephone: in the workshop, in the store, in the next room.",
    steps: [
      "While you talk, press `*5`. The box says a place, as 701. Hang up.",
      "Dial that place on another telephone: the talk goes on.",
      ["The places and how long to wait are set on the page “Codes and parking”, in the card “Parking”.", "parking"],
    ],
    good: ["Nobody took it in time? The call returns to who parked it."],
  },
  conference: {
    title: "Talk all together",
    why: "A conference room is a number where everybody meets.",
    steps: [
      "Open “Codes and parking”, “Conference rooms” and press “Add a room”.",
      ["Enter “Number”, “Name” and “PIN”. Press “Save”.", "room"],
      "At the hour all dial the number of the room and the PIN.",
    ],
    good: ["Without a PIN everybody inside the office can enter."],
  },
  emergency: {
    title: "Emergency numbers",
    why: "101, 102, 103, 104 and 112 can be dialled from any telephone of the office. Neither rights nor limits stand before them.",
    steps: [
      "Dial 112 or another emergency number as on any telephone: without a prefix.",
      "When all lines are taken, the box ends one ordinary call and gives its line.",
      "To tell the administrator of it, enter his mail address: {mail}.",
    ],
    good: ["They see the address that your carrier keeps for your number. Check it in the contract, above all after you have moved.", "Without power and internet the box reaches nobody. Keep a charged mobile at hand."],
  },
};
