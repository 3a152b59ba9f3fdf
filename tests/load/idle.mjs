// Holds idle connections to a web server: node idle.mjs PORT COUNT. Each is a TLS connection that asks for nothing, from one of many addresses of
// loopback, since the exchange bounds those of one; one that the server closes is opened anew. Says "N open" once all are there.
import { connect } from "node:tls";

const [port, count] = process.argv.slice(2).map(Number);
/** The server takes 64 of one address. */
const OF_ONE = 60;
let open = 0;
let told = false;

function hold(nth) {
  const socket = connect({ port, host: "127.0.0.1", localAddress: `127.0.1.${1 + Math.floor(nth / OF_ONE)}`, rejectUnauthorized: false });
  let here = false;
  socket.once("secureConnect", () => {
    here = true;
    open += 1;
    if (open === count && !told) {
      told = true;
      console.log(`${open} open`);
    }
  });
  socket.on("error", () => {});
  socket.once("close", () => {
    if (here) open -= 1;
    setTimeout(() => hold(nth), 200);
  });
}
for (let nth = 0; nth < count; nth += 1) hold(nth);
