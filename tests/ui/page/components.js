// Stand-ins for the components of Steam's that plugins get from @decky/ui: the same properties and
// behaviour, plain looks. Whatever is missing here throws when it is asked for.
import { createStore } from "./store.js";

const React = window.SP_REACT;
const { useEffect, useId, useRef, useState } = React;

/** Elements in the manner of h(type, props, …children). */
export const h = (type, props, ...children) => React.createElement(type, props ?? null, ...children);

export const dialogs = createStore({ open: [] }); // [{id, element}]
export const navigation = createStore({ path: "", panel: false });

const classes = (...names) => names.filter(Boolean).join(" ");

/** Handlers of the two buttons that mean something everywhere. */
function buttons({ onOK, onCancel }) {
  return (event) => {
    const handler = { Enter: onOK, Escape: onCancel }[event.key];
    if (handler && !event.defaultPrevented) {
      event.preventDefault();
      event.stopPropagation();
      handler(event);
    }
  };
}

/** Only what a div may have. */
function domProps(props) {
  const known = /^(id|style|role|title|ref|data-.*|aria-.*|onClick|onFocus|onBlur|onPointer.*|onMouse.*)$/;
  return Object.fromEntries(Object.entries(props).filter(([name]) => known.test(name)));
}

function gamepadEvents({ onGamepadFocus, onGamepadBlur, onFocus, onBlur }) {
  return {
    onFocus: (event) => (onFocus?.(event), onGamepadFocus?.(event)),
    onBlur: (event) => (onBlur?.(event), onGamepadBlur?.(event)),
  };
}

function Focusable(props) {
  const { children, className, onActivate, onClick, onOKButton, onCancel, onCancelButton, focusable } = props;
  const act = onActivate ?? onOKButton ?? onClick;
  const isTarget = focusable ?? Boolean(act);
  return h(
    "div",
    {
      ...domProps(props),
      ...gamepadEvents(props),
      className: classes("focusable", isTarget && "gpfocusable", className),
      tabIndex: isTarget ? 0 : undefined,
      onClick: onClick ?? onActivate,
      onKeyDown: buttons({ onOK: isTarget ? act : undefined, onCancel: onCancel ?? onCancelButton }),
    },
    children,
  );
}

function DialogButton(props) {
  const { children, className, disabled, onClick, onOKButton, onCancel, onCancelButton } = props;
  return h(
    "button",
    {
      ...domProps(props),
      ...gamepadEvents(props),
      type: "button",
      className: classes("DialogButton", "gpfocusable", className),
      "aria-disabled": disabled || undefined,
      onClick: disabled ? undefined : onClick,
      onKeyDown: buttons({
        onOK: (event) => !disabled && (onOKButton ? onOKButton(event) : event.currentTarget.click()),
        onCancel: onCancel ?? onCancelButton,
      }),
    },
    children,
  );
}

function Field(props) {
  const {
    label,
    description,
    icon,
    children,
    disabled,
    className,
    childrenLayout = "inline",
    inlineWrap,
    childrenContainerWidth,
    padding = "standard",
    bottomSeparator = "standard",
    indentLevel = 0,
    onActivate,
    onClick,
    focusable,
  } = props;
  const below = childrenLayout === "below" || inlineWrap === "shift-children-below";
  const act = onActivate ?? onClick;
  return h(
    Focusable,
    {
      ...props,
      focusable: focusable ?? Boolean(act),
      className: classes(
        "Field",
        below && "Field--below",
        `Field--padding-${padding}`,
        `Field--separator-${bottomSeparator}`,
        disabled && "Field--disabled",
        className,
      ),
      style: indentLevel ? { paddingLeft: 16 + indentLevel * 12 } : undefined,
    },
    (label || icon || !below) &&
      h(
        "div",
        { className: "Field__row" },
        icon && h("div", { className: "Field__icon" }, icon),
        label && h("div", { className: "Field__label" }, label),
        !below &&
          children &&
          h("div", { className: `Field__children Field__children--${childrenContainerWidth}` }, children),
      ),
    below && children && h("div", { className: "Field__below" }, children),
    description && h("div", { className: "Field__description" }, description),
  );
}

const itemProps = ({ label, description, icon, bottomSeparator, indentLevel, disabled }) => ({
  label,
  description,
  icon,
  bottomSeparator,
  indentLevel,
  disabled,
});

function ButtonItem(props) {
  const { children, layout = "below", disabled, onClick } = props;
  return h(
    Field,
    { ...itemProps(props), childrenLayout: layout, focusable: false },
    h(DialogButton, { onClick, disabled }, children),
  );
}

function Toggle({ value, disabled }) {
  return h(
    "span",
    { className: classes("Toggle", value && "Toggle--on", disabled && "Toggle--disabled") },
    h("span", { className: "Toggle__knob" }),
  );
}

function ToggleField(props) {
  const { checked, disabled, onChange, label } = props;
  const flip = () => !disabled && onChange?.(!checked);
  return h(
    Field,
    {
      ...itemProps(props),
      role: "switch",
      "aria-checked": Boolean(checked),
      "aria-disabled": disabled || undefined,
      "aria-label": typeof label === "string" ? label : undefined,
      onActivate: flip,
    },
    h(Toggle, { value: checked, disabled }),
  );
}

function TextField(props) {
  const {
    label,
    description,
    value,
    disabled,
    onChange,
    onBlur,
    onFocus,
    onKeyDown,
    focusOnMount,
    bIsPassword,
    mustBeNumeric,
    placeholder,
  } = props;
  const id = useId();
  const input = useRef(null);
  useEffect(() => void (focusOnMount && input.current.focus()), []);
  return h(
    "div",
    { className: "TextField" },
    label && h("label", { className: "DialogLabel", htmlFor: id }, label),
    h("input", {
      ...{ id, ref: input, disabled, onChange, onBlur, onFocus, onKeyDown, placeholder },
      ...(value === undefined ? {} : { value }),
      className: "DialogInput gpfocusable",
      type: bIsPassword ? "password" : "text",
      inputMode: mustBeNumeric ? "numeric" : undefined,
    }),
    description && h("div", { className: "Field__description" }, description),
  );
}

function PanelSection({ title, children }) {
  return h(
    "section",
    { className: "PanelSection" },
    title && h("div", { className: "PanelSection__title" }, title),
    children,
  );
}

const PanelSectionRow = ({ children }) => h("div", { className: "PanelSectionRow" }, children);
const block = (className) => (props) =>
  h("div", { ...domProps(props), className: classes(className, props.className) }, props.children);
const DialogHeader = block("DialogHeader");
const DialogBody = block("DialogBody");
const DialogBodyText = block("DialogBodyText");
const DialogFooter = block("DialogFooter");
/** Focus goes into a dialog when it opens and back when it closes. */
function useDialogFocus() {
  const box = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    if (!box.current.contains(document.activeElement)) {
      (box.current.querySelector("[data-preferred]") ?? box.current.querySelector(".gpfocusable"))?.focus();
    }
    return () => before?.focus?.();
  }, []);
  return box;
}

function ModalRoot({ children, onCancel, onOK, closeModal, onEscKeypress, className, modalClassName }) {
  const box = useDialogFocus();
  const cancel = () => (onEscKeypress ?? onCancel ?? closeModal)?.();
  return h(
    "div",
    {
      ...{
        className: classes("Modal", className, modalClassName),
        role: "dialog",
        "data-scope": "",
        ref: box,
      },
      tabIndex: -1,
      onKeyDown: buttons({ onCancel: cancel, onOK }),
    },
    children,
  );
}

function ConfirmModal(props) {
  const {
    strTitle,
    strDescription,
    strOKButtonText = "Confirm",
    strCancelButtonText = "Cancel",
    strMiddleButtonText,
    onOK,
    onCancel,
    onMiddleButton,
    closeModal,
    children,
    bOKDisabled,
    bCancelDisabled,
    bMiddleDisabled,
    bAlertDialog,
    bDestructiveWarning,
  } = props;
  const ending = (handler) => () => (handler?.(), closeModal?.());
  const button = (text, handler, disabled, look) =>
    h(DialogButton, { className: look, disabled, onClick: ending(handler) }, text);
  return h(
    ModalRoot,
    { ...props, onOK: undefined, onEscKeypress: ending(onCancel) },
    strTitle && h(DialogHeader, null, strTitle),
    h(DialogBody, null, strDescription && h(DialogBodyText, null, strDescription), children),
    h(
      DialogFooter,
      null,
      button(strOKButtonText, onOK, bOKDisabled, bDestructiveWarning ? "Destructive" : "Primary"),
      strMiddleButtonText && button(strMiddleButtonText, onMiddleButton, bMiddleDisabled),
      !bAlertDialog && button(strCancelButtonText, onCancel, bCancelDisabled),
    ),
  );
}

let nextDialog = 1;

function showModal(modal, parent, props = {}) {
  const id = nextDialog++;
  const Close = () => {
    const dialog = dialogs.get().open.find((candidate) => candidate.id === id);
    if (dialog) {
      dialogs.set(({ open }) => ({ open: open.filter((candidate) => candidate !== dialog) }));
      props.fnOnClose?.();
    }
  };
  const withClose = (element) => React.cloneElement(element, { closeModal: Close });
  dialogs.set(({ open }) => ({ open: [...open, { id, element: withClose(modal) }] }));
  const Update = (element) =>
    dialogs.set(({ open }) => ({
      open: open.map((dialog) => (dialog.id === id ? { id, element: withClose(element) } : dialog)),
    }));
  return { Close, Update };
}

/** Pages with a route of their own are chosen by where one is. */
function SidebarNavigation({ title, showTitle, pages, page, onPageRequested }) {
  const shown = pages.filter((candidate) => candidate !== "separator" && candidate.visible !== false);
  const keyOf = ({ route, identifier, title: name }) => route ?? identifier ?? name;
  const { path } = navigation.use();
  const [chosen, choose] = useState(null);
  const current = shown.find((candidate) => [page, path, chosen].includes(keyOf(candidate))) ?? shown[0];
  const request = (candidate) => {
    if (candidate.route) {
      Navigation.Navigate(candidate.route);
    }
    (onPageRequested ?? choose)(keyOf(candidate));
  };
  return h(
    "div",
    { className: "Sidebar" },
    h(
      "nav",
      { className: "Sidebar__pages", role: "tablist" },
      showTitle && h("div", { className: "Sidebar__title" }, title),
      shown.map((candidate) =>
        h(
          "button",
          {
            key: keyOf(candidate),
            ...{ type: "button", role: "tab", className: "Sidebar__page gpfocusable" },
            "aria-selected": candidate === current,
            onFocus: () => request(candidate),
            onClick: () => request(candidate),
          },
          candidate.icon,
          candidate.title,
        ),
      ),
    ),
    h(
      "div",
      { className: "Sidebar__content", role: "tabpanel", "data-scroll": "", key: keyOf(current) },
      !current.hideTitle && h("div", { className: "Sidebar__heading" }, current.title),
      current.content,
    ),
  );
}

const Navigation = {
  Navigate: (path) => navigation.set({ path }),
  NavigateBack: () => navigation.set({ path: "" }),
  CloseSideMenus: () => navigation.set({ panel: false }),
  OpenQuickAccessMenu: () => navigation.set({ panel: true }),
};

/** An object whose missing members throw. */
export function strict(what, members) {
  return new Proxy(members, {
    get(target, name) {
      if (!(name in target) && typeof name === "string" && name !== "then") {
        throw new Error(`${what} has no stand-in for '${name}'`);
      }
      return target[name];
    },
  });
}

export const DFL = strict("@decky/ui", {
  ...{ Focusable, DialogButton, Field, ButtonItem, ToggleField, TextField, PanelSection, PanelSectionRow },
  ...{ DialogHeader, ModalRoot, ConfirmModal, showModal, SidebarNavigation },
  Navigation: strict("Navigation", Navigation),
});
