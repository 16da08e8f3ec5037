// Benchmark peer: what a user would run instead of our server. It follows the original's
// design (Express + Socket.IO + one process, jwt cookie, bcryptjs 10 rounds, in-memory
// userSocketMap, a user lookup on every request, naive presence broadcast).
// env: PORT, STORE=memory|sqlite, DB=path, SYNC=FULL|NORMAL, JWT_SECRET, SEED_USERS=n, USERS_OUT=file,
//      SEED_HISTORY=n messages between user 0 and user 1, PRESENCE=all|off, TUNED=1
const fs = require("fs"), http = require("http"), crypto = require("crypto");
const express = require("express"), cookieParser = require("cookie-parser"), cors = require("cors");
const jwt = require("jsonwebtoken"), bcrypt = require("bcryptjs"), { Server } = require("socket.io");
const ENV = process.env, PORT = +(ENV.PORT || 8100);
const SECRET_STR = ENV.JWT_SECRET || "bench-secret-bench-secret-bench-secret";
// The original passes a string: jsonwebtoken then tries createPublicKey() on it for every verify, about half of a request.
// TUNED=1 passes a KeyObject (and turns ETags off): the fastest this stack gets without changing libraries.
const SECRET = ENV.TUNED === "1" ? crypto.createSecretKey(Buffer.from(SECRET_STR)) : SECRET_STR;
const PRESENCE = ENV.PRESENCE || "all";

// 24-hex ids, ObjectId layout
const rnd = crypto.randomBytes(5).toString("hex"); let ctr = crypto.randomBytes(3).readUIntBE(0, 3);
const oid = () => ((Date.now() / 1000) | 0).toString(16).padStart(8, "0") + rnd + (ctr = (ctr + 1) & 0xffffff).toString(16).padStart(6, "0");

function memoryStore() {
  const byId = new Map(), byEmail = new Map(), msgs = new Map(), pairs = new Map();
  const key = (a, b) => (a < b ? a + b : b + a);
  return {
    async addUser(u) { byId.set(u._id, u); byEmail.set(u.email, u); },
    async findUser(id) { return byId.get(id); },
    async userByEmail(e) { return byEmail.get(e); },
    async contacts(me) { return [...byId.values()].filter((u) => u._id !== me); },
    async addMessage(m) { msgs.set(m._id, m); const k = key(m.senderId, m.receiverId); let l = pairs.get(k); if (!l) pairs.set(k, (l = [])); l.push(m); },
    async getMessage(id) { return msgs.get(id); },
    async markDeleted(id) { msgs.get(id).deleted = true; },
    async history(a, b) { return (pairs.get(key(a, b)) || []).filter((m) => !m.deleted); },
    batch(f) { f(); },
  };
}
function sqliteStore() {
  const db = require("better-sqlite3")(ENV.DB || "peer.db");
  db.pragma("journal_mode = WAL"); db.pragma("synchronous = " + (ENV.SYNC || "FULL"));
  db.exec(`create table if not exists users(_id text primary key, fullName text, email text unique, password text, profilePic text, createdAt text);
    create table if not exists messages(_id text primary key, senderId text, receiverId text, text text, image text, deleted integer default 0, createdAt text, updatedAt text);
    create index if not exists conv on messages(senderId, receiverId, createdAt);`);
  const q = {
    au: db.prepare("insert into users values(@_id,@fullName,@email,@password,@profilePic,@createdAt)"),
    fu: db.prepare("select * from users where _id=?"), fe: db.prepare("select * from users where email=?"),
    co: db.prepare("select * from users where _id<>?"),
    am: db.prepare("insert into messages values(@_id,@senderId,@receiverId,@text,@image,@deleted,@createdAt,@updatedAt)"),
    gm: db.prepare("select * from messages where _id=?"), dm: db.prepare("update messages set deleted=1 where _id=?"),
    hi: db.prepare("select * from messages where ((senderId=? and receiverId=?) or (senderId=? and receiverId=?)) and deleted=0 order by createdAt"),
  };
  const b = (m) => m && { ...m, deleted: !!m.deleted };
  return {
    async addUser(u) { q.au.run(u); }, async findUser(id) { return q.fu.get(id); }, async userByEmail(e) { return q.fe.get(e); },
    async contacts(me) { return q.co.all(me); },
    async addMessage(m) { q.am.run({ ...m, deleted: m.deleted ? 1 : 0 }); },
    async getMessage(id) { return b(q.gm.get(id)); }, async markDeleted(id) { q.dm.run(id); },
    async history(x, y) { return q.hi.all(x, y, y, x).map(b); },
    batch(f) { db.exec("begin"); f(); db.exec("commit"); },
  };
}
const store = ENV.STORE === "sqlite" ? sqliteStore() : memoryStore();

const app = express(), server = http.createServer(app);
const io = new Server(server, { cors: { origin: "http://localhost:5173", credentials: true } });
if (ENV.TUNED === "1") app.disable("etag");
app.use(express.json({ limit: "10mb" }));
app.use(cors({ origin: "http://localhost:5173", credentials: true }));
app.use(cookieParser());

const pub = ({ password, ...u }) => u;
const setJwt = (id, res) => res.cookie("jwt", jwt.sign({ userId: id }, SECRET, { expiresIn: "7d" }),
  { maxAge: 7 * 24 * 3600 * 1000, httpOnly: true, sameSite: "strict", secure: false });
const protect = async (req, res, next) => {
  try {
    const token = req.cookies.jwt;
    if (!token) return res.status(401).json({ message: "Unauthorized" });
    const d = jwt.verify(token, SECRET);
    const user = await store.findUser(d.userId);
    if (!user) return res.status(404).json({ message: "User not found" });
    req.user = pub(user); next();
  } catch (e) { res.status(401).json({ message: "Unauthorized" }); }
};

app.post("/api/auth/signup", async (req, res) => {
  const { fullName, email, password } = req.body || {};
  if (!fullName || !email || !password) return res.status(400).json({ message: "All fields are required" });
  if (password.length < 6) return res.status(400).json({ message: "Password must be at least 6 characters" });
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) return res.status(400).json({ message: "Invalid email format" });
  if (await store.userByEmail(email)) return res.status(400).json({ message: "Email already exists" });
  const u = { _id: oid(), fullName, email, password: await bcrypt.hash(password, await bcrypt.genSalt(10)), profilePic: "", createdAt: new Date().toISOString() };
  await store.addUser(u); setJwt(u._id, res); res.status(201).json(pub(u));
});
app.post("/api/auth/login", async (req, res) => {
  const u = await store.userByEmail((req.body || {}).email);
  if (!u || !(await bcrypt.compare(req.body.password, u.password))) return res.status(400).json({ message: "Invalid credentials" });
  setJwt(u._id, res); res.json(pub(u));
});
app.get("/api/messages/contacts", protect, async (req, res) => res.json((await store.contacts(req.user._id)).map(pub)));
app.get("/api/messages/:id", protect, async (req, res) => res.json(await store.history(req.user._id, req.params.id)));

async function sendMessage(senderId, receiverId, { text, image }) {
  if (!text && !image) return { status: 400, body: { message: "Text or image is required." } };
  if (senderId === receiverId) return { status: 400, body: { message: "Cannot send messages to yourself." } };
  if (!(await store.findUser(receiverId))) return { status: 404, body: { message: "Receiver not found." } };
  const now = new Date().toISOString();
  const m = { _id: oid(), senderId, receiverId, text: text || null, image: image || null, deleted: false, createdAt: now, updatedAt: now };
  await store.addMessage(m);
  const sid = userSocketMap[receiverId];
  if (sid) io.to(sid).emit("newMessage", m);
  return { status: 201, body: m };
}
app.post("/api/messages/send/:id", protect, async (req, res) => {
  try { const r = await sendMessage(req.user._id, req.params.id, req.body || {}); res.status(r.status).json(r.body); }
  catch (e) { console.log(e.message); res.status(500).json({ error: "Internal server error" }); }
});
app.delete("/api/messages/:id", protect, async (req, res) => {
  const m = await store.getMessage(req.params.id);
  if (!m) return res.status(404).json({ message: "Message not found" });
  if (m.senderId !== req.user._id) return res.status(403).json({ message: "Forbidden" });
  await store.markDeleted(m._id);
  for (const u of [m.receiverId, m.senderId]) { const s = userSocketMap[u]; if (s) io.to(s).emit("messageDeleted", { messageId: m._id, deleted: true }); }
  res.json({ success: true, message: "Message deleted successfully" });
});
// not in the original: one message to every socket in a room, for the fan-out scenario
app.post("/api/groups/:g/send", protect, async (req, res) => {
  const now = new Date().toISOString();
  const m = { _id: oid(), senderId: req.user._id, receiverId: req.params.g, text: req.body.text, image: null, deleted: false, createdAt: now, updatedAt: now };
  await store.addMessage(m); io.to("g:" + req.params.g).emit("newMessage", m); res.status(201).json(m);
});

const userSocketMap = {};
const cookieOf = (h) => { const m = /(?:^|;\s*)jwt=([^;]+)/.exec(h || ""); return m && m[1]; };
io.use(async (socket, next) => {
  try {
    const d = jwt.verify(socket.handshake.auth.token || cookieOf(socket.handshake.headers.cookie), SECRET);
    const user = await store.findUser(d.userId);
    if (!user) return next(new Error("Unauthorized"));
    socket.userId = user._id; socket.user = pub(user); next();
  } catch (e) { next(new Error("Unauthorized")); }
});
io.on("connection", (socket) => {
  userSocketMap[socket.userId] = socket.id;
  if (socket.handshake.query.group) socket.join("g:" + socket.handshake.query.group);
  if (PRESENCE === "all") io.emit("getOnlineUsers", Object.keys(userSocketMap));
  socket.on("sendMessage", async (d, ack) => { const r = await sendMessage(socket.userId, d.to, d); if (ack) ack(r.body); });
  socket.on("disconnect", () => {
    delete userSocketMap[socket.userId];
    if (PRESENCE === "all") io.emit("getOnlineUsers", Object.keys(userSocketMap));
  });
});

(async () => {
  const n = +(ENV.SEED_USERS || 0), out = [], pw = n ? bcrypt.hashSync("password", 10) : "";
  store.batch(() => {
    for (let i = 0; i < n; i++) {
      const u = { _id: oid(), fullName: "User " + i, email: `u${i}@bench.local`, password: pw, profilePic: "", createdAt: new Date().toISOString() };
      store.addUser(u); out.push({ id: u._id, jwt: jwt.sign({ userId: u._id }, SECRET, { expiresIn: "7d" }) });
    }
    for (let i = 0; n > 1 && i < +(ENV.SEED_HISTORY || 0); i++) {
      const now = new Date().toISOString(), a = out[i & 1].id, b = out[1 - (i & 1)].id;
      store.addMessage({ _id: oid(), senderId: a, receiverId: b, text: "history message number " + i + " with some text in it", image: null, deleted: false, createdAt: now, updatedAt: now });
    }
  });
  if (ENV.USERS_OUT) fs.writeFileSync(ENV.USERS_OUT, JSON.stringify(out));
  server.listen(PORT, "127.0.0.1", 4096, () => console.log("listening", PORT));
})();
