/** Only keys of groups start with "f" (messaging/models/conversation.py). */
export const isGroup = (key = "") => key.startsWith("f");

/** Whether somebody else's message mentions the reader. */
export const mentions = ({ senderId, mentions: people = [], deleted }, userId) =>
  senderId !== userId && !deleted && people.includes(userId);

/** The peer of the conversation that a message or typing event belongs to: the other person, or the group. */
export const peerOf = ({ senderId, receiverId }, userId) =>
  isGroup(receiverId) || senderId === userId ? receiverId : senderId;
