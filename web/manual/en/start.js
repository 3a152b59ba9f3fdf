// The manual's first chapter. A step is a sentence, or a sentence with its picture; “label” stands on the page, `key` is dialled or pressed.

/** @type {Record<string, import("../contents.js").Article>} */
export default {
  "sign-in": {
    title: "Sign in and choose a password",
    why: "The box's page opens in the browser of any computer in the office. The first password works once: the box asks for another by itself.",
    steps: [
      "Open the address that the box wrote on its screen at its first start. The name and the first password stand beside it. The browser warns of a certificate, which is normal: {page-warning}.",
      ["Enter `admin` as “Login” and the “Password” of the screen, and press “Sign in”.", "sign-in"],
      ["The box says “Choose your own password”. Enter it twice, at least 10 characters, and press “Save and go on”.", "new-password"],
      ["The language of the page, the dark theme and the way out are always at the lower left.", "signed-in"],
    ],
    good: ["The password is changed on the page “My sign-in”, where a second factor is switched on too: {second-factor}.", "The password is lost? {lost-password}.", "When the page is not used for long, the session ends by itself. Calls don't mind."],
  },
  "first-steps": {
    title: "The first ten minutes",
    why: "A new box says by itself what calls still need, and leads you step by step.",
    steps: [
      ["Open “Now”. Its first line answers whether you can call, and the card “What calls still need” leads you on: each step has its button.", "first-steps"],
      "Connect the city number: {connect-number}. Then check it: {check-number}.",
      "Connect telephones: {phone-by-hand}. A new box has the numbers 200, 201 and 202; add the others: {add-employee}.",
      "Set the working hours and draw the way of a call: {working-hours}, {draw-route}. Until then calls from the city go to group 500: all its telephones ring.",
      "Call your number from a mobile. The call appears on the page “Now” at the first ring.",
    ],
    good: ["You can't break anything: each change can be taken back. {versions}."],
  },
  "connect-number": {
    title: "Connect a city number",
    why: "A city number comes from a carrier. It takes six lines of your contract, or of the carrier's site.",
    steps: [
      ["Open “City numbers” and press “Connect a number”.", "number-add"],
      "Choose the “Carrier”: what is known of it is filled in. It isn't in the list? Leave “another: I fill it in myself”.",
      ["Copy “Telephone number”, “Server”, “SIP login” and “SIP password” from the contract. “Name” and “Comment” are for you only.", "number-fields"],
      "Press “Save”. The box connects to the carrier at once; make sure that it worked: {check-number}.",
    ],
    good: [
      "Something is not in the contract? Ask the carrier: give me the SIP settings for my PBX.",
      "The carrier gave no login and knows you by your address? Open “Advanced” and switch “Register with the carrier” off.",
      "Several numbers in one contract? Enter the others in “Advanced”, “Further numbers of this line”.",
      "Nothing has to be set in the router: the box keeps the connection to the carrier by itself. Forward no ports: that would only open the box to strangers.",
    ],
  },
  "check-number": {
    title: "Check a city number",
    why: "The box goes all the way to the carrier and says what works and what doesn't.",
    steps: [
      ["Open “City numbers”. The lamp beside a number says how it is: green means that it works.", "number-state"],
      ["Open the number and press “Check”.", "number-check"],
      ["In about a minute there is an answer. Its first line says what is the matter, the next what to do.", "number-checked"],
    ],
    good: [
      "It is up to the carrier? Open “Letter to the carrier”, press “Copy” and send it: it holds all that they will ask for.",
      "When the box knows what to change, there is a button “Mend it”.",
      "The check calls your own number: telephones may ring for a moment.",
    ],
  },
  "add-employee": {
    title: "Add an employee",
    why: "Each employee has an internal number. The box finds a free one and makes the login and password of the telephone.",
    steps: [
      ["Open “Internal numbers” and press “Add a number”.", "employee-add"],
      ["Enter the “Employee” and the “E-mail”: missed calls are told there. A free “Number” is there already.", "employee-fields"],
      ["Press “Save”. Changed your mind? Press “Bring back” in the line below.", "employee-saved"],
      "Connect the telephone: {phone-by-hand}. Add the number to a group, so that the city reaches it: {groups}.",
    ],
    good: ["A number has 3 to 5 digits and begins neither with 0 nor with 1. Better not with 8 or 9: city numbers begin so.", "An employee may have up to four telephones, a mobile among them: {mobile}."],
  },
  phones: {
    title: "Connect a desk telephone without setting it up",
    why: "The box sets up telephones of Yealink, Grandstream, Fanvil, Snom, Cisco, Polycom and Htek by itself. You only say whose it is.",
    steps: [
      "Plug the telephone into the box's network and open “Phones”. Within a minute it appears in the list by itself.",
      "Press the button beside it that connects it, and choose the employee's number.",
      "The telephone fetches its settings and perhaps restarts, which takes about a minute. Don't switch it off. Its lamp turns green, and it can call.",
    ],
    good: [
      "The telephone does not appear? It may look for its former exchange: reset it to factory settings and switch it on again.",
      "Telephones in another network? Enter the box's address in the router, in its DHCP settings: option 66.",
      "A program on a computer or mobile is connected by a code or by hand: {phone-by-hand}.",
    ],
  },
  "phone-by-hand": {
    title: "Set up a telephone or a program",
    why: "A telephone needs three things: server, login and password. The page of its number shows them.",
    steps: [
      ["Open “Internal numbers”, the employee's number, and press “How to set up” beside the telephone.", "setup-button"],
      ["Press “Show the password” and copy “Server”, “Login” and “Password” into the telephone. Below it says where they go in a desk telephone and in well-known programs.", "setup-by-hand"],
      ["Grandstream Wave on a mobile needs only a code: press “QR code” and point the camera at it.", "setup-qr"],
      ["After some seconds the lamp beside the number says “free”. The telephone is ready.", "phone-online"],
    ],
    good: [
      "Copy the login whole, with its + sign, which is part of it.",
      "Each telephone has a login of its own: {two-phones}.",
      "Leave everything else in the telephone as it is. Switch STUN and proxy off: inside the office they only harm the sound.",
      "The QR code holds the password. Don't show it to strangers, and don't send it by mail.",
      "The lamp stays dark? {no-registration}.",
    ],
  },
  "find-anything": {
    title: "Find anything",
    why: "One search for everything: numbers, names, pages, settings, and this help.",
    steps: [
      ["Press “Find” at the upper left, or the key `/`. Type a number, a name or a word and press `Enter`.", "find"],
      ["The key `?` opens the list “Keys”: everything on the page works without a mouse too.", "keys"],
      "The question mark at the upper right of every page opens the help for that page.",
    ],
  },
};
