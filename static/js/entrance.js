// Pages for whoever is not signed in: what somebody began to write here is nothing for the next one.
import "./forms.js";
import { forgetPrivate } from "./stores/private-data.js";

forgetPrivate();
