// The manual's chapter on the way of a call.

/** @type {Record<string, import("../contents.js").Article>} */
export default {
  "draw-route": {
    title: "Draw the way of a call",
    why: "The drawing shows what happens to a call from the city: where it goes by day and by night, whom it rings first and whom then.",
    steps: [
      ["Open “Routing” and press “Edit”.", "route-edit"],
      ["Elements appear above: “Make here” and “Place what exists”.", "route-palette"],
      ["Drag an element onto the drawing and choose at the right what it stands for: an employee's number, for example.", "route-put"],
      ["Join them: drag from the ring at the right of one element to another. The list “Where the call goes” does the same. A menu has “another key”.", "route-link"],
      ["Where a call would be lost, the box says so in words in the corner of the drawing and offers to mend it.", "route-problem"],
      ["All done? Press “Finish editing”. New calls follow the new way at once.", "route-finish"],
    ],
    good: [
      "Ask the box first where a call would go: {what-if}.",
      "Whoever is talking already is not disturbed.",
      "A mistake? `Ctrl+Z` takes a step back, “Discard changes” all of them.",
      "An element without links is grey: it leads nowhere and does nothing.",
      "On a telephone the way reads as a list; drawing is easier at a computer.",
    ],
  },
  "what-if": {
    title: "Ask “what if”",
    why: "The box shows the way of an imagined call. Nobody calls, the telephones stay silent.",
    steps: [
      ["Open “Routing” and press “What if”. A sentence appears: “somebody calls”, “from”, “when”, “presses”.", "what-if-sentence"],
      ["Fill in what you like. The way lights up on the drawing, and below it is told second by second.", "what-if-way"],
      ["Take an hour of the night: now you see what people hear who call after work.", "what-if-night"],
    ],
    good: ["Dotted means: only if nobody answers.", "You can tick who is busy and whose telephone is off.", "It works with changes that are not applied yet: check first, apply then."],
  },
  "working-hours": {
    title: "Set working hours and holidays",
    why: "In working hours a call goes one way, at night and on holidays another.",
    steps: [
      "Open “Settings”, “Timetables” and press “Add a timetable”.",
      ["Enter the “Name”, tick days and hours. The button “Lunch” divides a line in two.", "hours-week"],
      ["A short day: “Add a day”. Holidays: “Add holidays”, their first and last day.", "hours-holidays"],
      "Press “Save” and put the timetable on the drawing: {draw-route}.",
    ],
    good: ["Write a night as it is: from 22:00 to 06:00 goes past midnight.", "One timetable serves many places.", "The hours go by the office's time zone: {office}."],
  },
  greeting: {
    title: "Play a greeting or an announcement",
    why: "Callers hear your recording: a greeting, the opening hours, an announcement.",
    steps: [
      ["Open “Media files” and press “Upload a file”, or drop the file on the page. Its loudness is levelled.", "media-upload"],
      ["Hear how it will sound on a telephone: the button at the right.", "media-listen"],
      "Open “Voice messages” and press “Add a message”.",
      ["Enter the “Name”, choose the “Media file” and “How many times” it plays. Press “Save”.", "message"],
      "Put the message on the drawing: {draw-route}.",
    ],
    good: ["There is no file? Speak it yourself: {record-voice}.", "It may be mp3, wav, wma, m4a, ogg or flac, up to 10 MB."],
  },
  "record-voice": {
    title: "Record your voice",
    why: "No announcer is needed: record in the browser or by telephone.",
    steps: [
      ["Open “Media files” and press “Record your voice”. The browser asks for the microphone: allow it. Speak, then press “Stop recording”.", "record"],
      ["Listen. Good? “Save the recording”. Not yet? “Record again”.", "record-keep"],
      "Open the recording in the list and give it a “Name” by which you know it.",
    ],
    good: ["By telephone: dial `*77` and follow what you hear: `1` keeps it, `2` records again. The recording appears among the media files.", "Speak in a quiet room, a hand's breadth from the microphone."],
  },
  music: {
    title: "Play your own music on hold",
    why: "It is heard by those who are put on hold, and by those who wait in the queue of a group.",
    steps: [
      "Upload the melody as any sound: {greeting}.",
      ["Open “Office” and choose it in “Add a melody”. Melodies play in turn; the handle changes their order.", "music"],
      "Press “Save”.",
    ],
    good: ["A group may have music of its own: {groups}.", "The authors of other people's music want money for it on the telephone. The built-in melody is free."],
  },
  "voice-menu": {
    title: "Make a voice menu",
    why: "The caller hears a greeting and presses a key: 1 for sales, 2 for support.",
    steps: [
      "Open “Voice menus” and press “Add a menu”.",
      ["Enter the “Name”, choose the “Greeting”. “Wait for a key, s”: so many seconds the box waits after it.", "menu"],
      "Press “Save” and put the menu on the drawing: {draw-route}.",
      ["Where each key leads is chosen on the drawing: press the menu and fill in “Where the call goes”.", "menu-keys"],
    ],
    good: ["Say the department first, then the key: so people can remember it.", "Lead whoever presses nothing to a person, and not to the end of the call.", "The box hears no keys? {keys-not-heard}."],
  },
  groups: {
    title: "Make a group with a queue",
    why: "In a group several telephones ring by one number. When all are busy, callers wait with music, and whoever waits longest is answered first.",
    steps: [
      "Open “Groups” and press “Add a group”.",
      ["Enter the “Name” and decide “Whom to ring”: “Ring all”, “Round robin” or “First to last”.", "group-who"],
      ["“Members”: choose employees in “Add a member”. The handle at the left changes their order.", "group-members"],
      ["Open “Queue and waiting”: greeting, music, how long to wait, how many places.", "group-queue"],
      "Press “Save” and put the group on the drawing. Lead its exit to whoever takes the call when nobody has answered: {draw-route}.",
    ],
    good: ["Whoever is on the telephone is not rung by the group.", "A number may be in several groups.", "To tell all telephones of a group something, dial `*80` and the group's number."],
  },
};
