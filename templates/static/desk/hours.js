// Opening hours: one tap gives other days the times of Monday.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-same-hours]");
  if (!button) return;
  const [monday, ...others] = document.querySelectorAll(".hours-day");
  const times = [...monday.querySelectorAll("input")].map((each) => each.value);
  for (const day of others.slice(0, Number(button.dataset.sameHours))) {
    day.querySelectorAll("input").forEach((field, number) => {
      field.value = times[number] ?? "";
    });
  }
});
