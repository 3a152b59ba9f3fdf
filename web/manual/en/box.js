// The manual's chapter on the box itself: the office, mail, accounts, and the history of the settings.

/** @type {Record<string, import("../contents.js").Article>} */
export default {
  office: {
    title: "Name, time zone and how long things are kept",
    why: "What the office has once: its name, time zone, music, how long recordings are kept.",
    steps: [
      ["Open “Office”. Timetables go by the “Time zone”, the “Area code” completes local numbers.", "office"],
      ["In “Recordings” decide how many days they are kept and how much room they get. Zero means no limit.", "office-recordings"],
      "Press “Save”.",
    ],
    good: ["Your own music on hold: {music}.", "Whom the box never locks out: {guard}."],
  },
  network: {
    title: "Change the box's address",
    why: "So that the box lives at the address you want, and can't be lost.",
    steps: [
      ["Open “System”, “Network”. “The router gives it (DHCP)” will do if the router keeps one address for the box. Else choose “Always the same” and fill in “Address and network” and “Router”.", "network"],
      "Press “Save”. The new settings hold, not for good yet: two minutes are counted down.",
      ["Open the box at its new address (a button of the page) and sign in. If the address is the same, press “All works, keep it”.", "network-trial"],
    ],
    good: ["You didn't confirm? After two minutes everything is as it was.", "The clock is set in “Time”: without the internet name a server of your own there."],
  },
  backup: {
    title: "Make backups",
    why: "A box may break. With a backup a new one works within minutes; without one you begin anew.",
    steps: [
      ["Open “Backups”. In “Make a backup” choose where to, and think of a “Passphrase”: without one anybody can read the backup.", "backup"],
      "Press “Make the backup”. Once it says “proved by restoring”, the backup is good.",
      ["To have them made by themselves, add a place in “Where backups go”, switch “Make backups by timetable” on and press “Save”. “Check” tries the place within seconds: a small file is written there, read back and removed.", "backup-plan"],
    ],
    good: ["Lose the passphrase and nobody opens the backup. Write it down where you find it without this box.", "Keep at least one place out of this building."],
  },
  restore: {
    title: "Restore the box from a backup",
    why: "On this box or on a new one.",
    steps: [
      "On a new box sign in with the password that its screen shows.",
      ["Open “Backups”, “Restore from a backup”, choose the file, type the passphrase and press “See what it holds”.", "restore"],
      ["Is it the one? Press “Replace everything by this backup” and wait for the restart. Sign in with a password of the backup.", "restore-seen"],
    ],
    good: ["Everything that was on the box is replaced, but not lost: “Bring back what was”."],
  },
  update: {
    title: "Install a new version",
    why: "An update can't break the box: if it does not work, the version before comes back by itself.",
    steps: [
      ["Open “System”, “Update” and choose the file that the vendor sent. A USB stick will do too: plug it into the box.", "update"],
      ["Read “What is new”, choose when, and press “Install”. The page shows each step and waits for the restart.", "update-ready"],
    ],
    good: ["For five minutes the box watches whether telephones and city numbers come back.", "On ordinary Linux there is no such section: the system updates the program."],
  },
  support: {
    title: "Ask for help",
    why: "A helper has to see what happens. You need not let anybody in.",
    steps: [
      ["Open “System”. Its first line tells whether all is well. In “For support” press “Download the file” and send it. There are no passwords in it.", "support"],
      ["A call fails? Open “Traffic capture”, press “Begin”, repeat the call and send the file.", "support-capture"],
    ],
    good: ["What the box writes down just now is in “Log”."],
  },
  guard: {
    title: "See whether all is well",
    why: "A box on the internet is found within minutes. It keeps strangers out by itself, and tells you what happened and what to do.",
    steps: [
      ["Open “Protection”. The first line says whether all is well. The red figure at its name can be seen from every page: events that you have not read.", "guard"],
      ["Every event says what the box did and what you can do. Done? Press “Got it”.", "guard-event"],
      ["“Blocked addresses” shows whom the box does not hear, why and until when. Is it one of yours? “Unblock”. A stranger you can block yourself: “Block an address”.", "guard-bans"],
      ["“Own networks”: nobody is ever blocked there. While it is empty, these are all local networks. Telephones call from another one, by VPN? Enter it, press “Add the local networks” and “Save”.", "guard-networks"],
    ],
    good: ["Carriers, and addresses behind which a telephone of the office works, are not blocked anyway.", "A block never closes this page: you can always lift it."],
  },
  limits: {
    title: "Limit outside calls",
    why: "A stolen password calls where a minute is dear. Limits see to it that it costs no more than you say.",
    steps: [
      ["Open “Protection”, “How much may be called outside”. Enter what one number may and what the whole office may. The bar shows what is used today.", "limits"],
      ["“Blocked destinations” are countries where nobody calls. Find a new one by its name or by the digits of its code.", "limits-places"],
      "Do you call only a few countries? Enter them in “Abroad only these countries”: the others are closed.",
      ["“Quiet hours”: while the office is empty, dear calls are closed. Tick which.", "limits-quiet"],
      "Press “Save”.",
      ["One employee needs more? Open the number, “Limits of outside calls”.", "limits-own"],
    ],
    good: ["Calls to 101–104 and 112 are never counted and never limited.", "A call is needed at once? {call-stopped}."],
  },
  notices: {
    title: "Be told by mail",
    why: "The box writes by itself when a number does not work, the disk fills up or somebody calls at your expense.",
    steps: [
      "Set up the box's mail: {mail}.",
      ["On the same page “Notices”, in “Mail to the administrator”, enter addresses in “Whom to write”.", "notices"],
      ["Not about everything? Choose “only what is ticked” and tick what you want. Press “Save”.", "notices-kinds"],
    ],
    good: ["The same events within an hour come as one letter.", "All of it stands on the page “Protection” too."],
  },
  telegram: {
    title: "Get messages in Telegram",
    why: "Missed calls and alarms come to a chat that people read on their telephones.",
    steps: [
      "Open “Notices” and press “Add Telegram”.",
      ["Beside it stands how to get the bot's token and the chat's number. Enter “Name”, “Token of the bot” and “Chat”.", "telegram"],
      ["Tick “What to tell” and press “Save”.", "telegram-events"],
      ["Press “Send a test”: the box says whether it arrived, and if not, why.", "telegram-test"],
    ],
    good: ["A program in place of a chat: “Add a program”. It gets a signed request.", "“Last messages” shows what arrived and what the box will send again."],
  },
  mail: {
    title: "Set up the box's mail",
    why: "The box sends mail about missed calls, voice messages and emergency calls.",
    steps: [
      "Open “Notices”, the card “The box's mail”.",
      ["Enter “Server”, “Login”, “Password”, “From” and “Administrator's mail”. Your mail service knows what they are: look for its SMTP settings.", "mail"],
      "Tick “Mail about a missed call” if you want it, and press “Save”.",
    ],
    good: ["Many mail services want a password of its own for programs: make one in the settings of the mailbox.", "Mail for an employee goes to the address that is entered at his number."],
  },
  users: {
    title: "Let somebody use the page",
    why: "Everybody signs in with a name of his own. An administrator changes everything, a viewer only looks.",
    steps: [
      "Open “Accounts” and press “Add a person”.",
      ["Enter the “Login”. The “Password for the first sign-in” is made already: give it to the person, who then chooses another.", "user"],
      ["Choose the role: “Administrator” or “Viewer”.", "user-role"],
      "Press “Save”.",
    ],
    good: ["Somebody left? “Sign-in closed” keeps him out and keeps the history of what he changed.", "The last administrator can't be removed."],
  },
  "sign-on": {
    title: "Sign in with the company's accounts",
    why: "Where the company has Keycloak, Active Directory or the like, nobody needs passwords of the box's own.",
    steps: [
      "Open “Settings” and the single sign-on there. For OpenID enter the provider's address and the client's name, for a directory its server and the place where people are.",
      "Say which groups come in as administrators and which as viewers. Who is in none stays out.",
      "Check at the foot of the page: the box says whether a person is found, and as what he would come in. Then press “Save”.",
    ],
    good: ["The box's own accounts always work, even when the company's server is silent. Keep one for yourself."],
  },
  "second-factor": {
    title: "Switch a second factor on",
    why: "Besides the password, signing in then takes a code from your telephone. A stranger with your password stays out.",
    steps: [
      ["Open “My sign-in”, press “Switch on” and enter the “Present password”.", "factor-begin"],
      ["Scan the code with an app on your telephone and enter the six digits as “Code of the app”. Press “Check and switch on”.", "factor-scan"],
      ["Keep the recovery codes on paper: each stands in once for the telephone. Press “I kept them”.", "factor-recovery"],
    ],
    good: ["“Open sessions” on the same page show where you are signed in. End what is not yours.", "Both telephone and codes are lost? Another administrator takes the second factor away on the page “Accounts”."],
  },
  tokens: {
    title: "Let a program in (CRM)",
    why: "A program works with the box by a token, without a person and without a password.",
    steps: [
      "Open “Tokens”, enter “What for” and press “Make a token”.",
      ["Copy the token at once: the box never shows it again. Then press “Copied, hide it”.", "token"],
    ],
    good: ["The token is no longer needed, or went astray? “Revoke”: the program loses access at once.", "What a program can do stands in /api/v1/openapi.json on the box itself."],
  },
  versions: {
    title: "Bring settings back",
    why: "Every change is kept: what, when and by whom. Any can be taken back, even after a month.",
    steps: [
      ["Open “Settings history”. “Before and after” shows what a change did. Press “Take this change back”.", "versions"],
      ["“Return everything to this moment” brings all settings back at once. The box asks again.", "version-to"],
    ],
    good: ["Taking back can be taken back too.", "A change that could cut you off comes back by itself after two minutes unless you press “Keep it”.", "Passwords of accounts never come back."],
  },
  license: {
    title: "Renew the licence",
    why: "The licence says how many numbers and calls the box may have. It never ends a call in progress.",
    steps: [
      "Open “Settings” and the page about the program there: it shows until which day the licence holds and how much of it is used.",
      "Paste the text that the vendor sent, or choose the file, and install it.",
      "It does not fit? The box says why, and the licence before stays.",
    ],
    good: ["Without a licence the box works in full for 30 days, then with 5 numbers, 2 outside calls and no recording. Emergency numbers can always be dialled."],
  },
  audit: {
    title: "See who did what",
    why: "The box remembers who signed in, what they changed and which recordings they heard.",
    steps: [["Open “Audit log”: “What”, “When”, “Who” and “From”.", "audit"]],
    good: ["What was done can be taken back in the settings history: {versions}."],
  },
};
