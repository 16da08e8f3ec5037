/** Keys of groups begin with it, and no others (messaging/models/conversation.py). */
export const isGroup = (key = "") => key.startsWith("f");

/** Whether a message of somebody else names the reader. */
export const mentions = ({ senderId, mentions: people = [], deleted }, userId) =>
  senderId !== userId && !deleted && people.includes(userId);

/** In which conversation of the reader a message was sent, or somebody types: the other person, or the group. */
export const peerOf = ({ senderId, receiverId }, userId) =>
  isGroup(receiverId) || senderId === userId ? receiverId : senderId;
