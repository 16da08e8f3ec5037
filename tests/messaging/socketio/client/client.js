// Connects as a front end does, and says on standard output what happens, a line of JSON each:
// ["open", "polling"], or an event and its data. Standard input takes [event, data] to emit;
// with a third part an acknowledgement is asked for. With its input it ends, once it has said goodbye:
// a server that is not told so has to wait for a ping in vain, which takes longer than a test does.
const { io } = require("socket.io-client");
const { createInterface } = require("node:readline");

const [url, options] = process.argv.slice(2);
const socket = io(url, { reconnectionDelay: 50, reconnectionDelayMax: 200, ...JSON.parse(options) });
const say = (...what) => console.log(JSON.stringify(what));

socket.io.on("open", () => {
  const { engine } = socket.io;
  say("open", engine.transport.name);
  engine.on("upgrade", (transport) => say("upgrade", transport.name));
});
socket.on("connect", () => say("connect"));
socket.on("disconnect", (reason) => say("disconnect", reason));
socket.on("connect_error", (error) => say("connect_error", error.message));
socket.onAny((event, data) => say(event, data));

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [event, data, asks] = JSON.parse(line);
    socket.emit(event, data, ...(asks ? [() => say("acknowledged", event)] : []));
  })
  .on("close", () => socket.close());
